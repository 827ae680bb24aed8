"""The web application: settings, extensions, blueprints, gates and error pages."""

import hashlib
import tempfile
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, generate_csrf
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import observing, web
from portal.accounts import admin_views as accounts_admin
from portal.accounts import gate
from portal.accounts import public_views as accounts_public
from portal.accounts import staff_views as accounts_staff
from portal.cases import merchant_views as cases_merchant
from portal.cases import regulator_views as cases_regulator
from portal.cases import staff_views as cases_staff
from portal.commitments import feedback_views as feedback
from portal.commitments import merchant_views as commitments_merchant
from portal.commitments import public_views as commitments_public
from portal.commitments import regulator_views as commitments_regulator
from portal.config import Config
from portal.core.errors import Busy, NoRoom, NotAllowed, NotFound, Refused, Stale
from portal.core.permissions import Permission, can
from portal.core.room import is_full, no_room
from portal.desk import consumer_views as desk_consumer
from portal.desk import merchant_views as desk_merchant
from portal.desk import public_views as desk_public
from portal.desk import regulator_views as desk_regulator
from portal.desk.navigation import navigation
from portal.desk.public_nav import public_nav
from portal.documents import public_views as documents_public
from portal.enrolment import application_views as applications_regulator
from portal.enrolment import merchant_views as enrolment_merchant
from portal.enrolment import public_views as enrolment_public
from portal.enrolment import regulator_views as enrolment_regulator
from portal.extensions import babel, csrf, limiter, login
from portal.intake import public_views as intake_public
from portal.intake import regulator_views as intake_regulator
from portal.ledgers import merchant_views as ledgers_merchant
from portal.ledgers import public_views as ledgers_public
from portal.ledgers import regulator_views as ledgers_regulator
from portal.logs import without_values
from portal.mediation import regulator_views as mediation_regulator
from portal.messages import speak_source
from portal.notifications import merchant_views as notifications_merchant
from portal.notifications import public_views as notifications_public
from portal.notifications import regulator_views as notifications_regulator
from portal.practice import staff_views as practice_staff
from portal.queues import ANSWER_SECONDS
from portal.recalls import merchant_views as recalls_merchant
from portal.recalls import regulator_views as recalls_regulator
from portal.resources import resource_folder
from portal.retention import staff_views as retention_staff
from portal.returns import consumer_views as returns_consumer
from portal.returns import merchant_views as returns_merchant
from portal.returns import public_views as returns_public
from portal.returns import regulator_views as returns_regulator
from portal.runtime import Runtime
from portal.settlements import merchant_views as settlements_merchant
from portal.settlements import regulator_views as settlements_regulator
from portal.settlements import staff_views as settlements_staff
from portal.supervision import merchant_views as supervision_merchant
from portal.supervision import regulator_views as supervision_regulator
from portal.supervision import staff_views as supervision_staff
from portal.training import merchant_views as training_merchant
from portal.training import regulator_views as training_regulator
from portal.widgets import drawing_empty_once, options_markup, write_inputs_fast

MAX_BODY = 210 * 1024 * 1024  # bytes: an import file of 200 MB and its form; each form has its own smaller limit
YEAR = 365 * 24 * 3600

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

BLUEPRINTS = (
    cases_merchant.bp,
    cases_regulator.bp,
    cases_staff.bp,
    accounts_admin.bp,
    accounts_public.bp,
    accounts_staff.bp,
    commitments_merchant.bp,
    commitments_public.bp,
    commitments_regulator.bp,
    feedback.public,
    feedback.merchant,
    feedback.regulator,
    desk_consumer.bp,
    desk_merchant.bp,
    desk_public.bp,
    observing.bp,
    desk_regulator.bp,
    applications_regulator.bp,
    enrolment_merchant.bp,
    enrolment_public.bp,
    enrolment_regulator.bp,
    intake_public.bp,
    intake_regulator.bp,
    ledgers_merchant.bp,
    ledgers_public.bp,
    ledgers_regulator.bp,
    mediation_regulator.bp,
    notifications_merchant.bp,
    notifications_public.bp,
    notifications_regulator.bp,
    documents_public.bp,
    practice_staff.bp,
    recalls_merchant.bp,
    recalls_regulator.bp,
    retention_staff.bp,
    returns_consumer.bp,
    returns_merchant.bp,
    returns_public.bp,
    returns_regulator.bp,
    settlements_merchant.bp,
    settlements_regulator.bp,
    settlements_staff.bp,
    supervision_merchant.bp,
    supervision_regulator.bp,
    supervision_staff.bp,
    training_merchant.bp,
    training_regulator.bp,
)

STATUS = {NotAllowed: 403, NotFound: 404, Stale: 409, Busy: 503, NoRoom: 507}


def create_app(runtime: Runtime) -> Flask:
    """Build the application that serves one installation."""
    config = runtime.config
    with suppress(FileNotFoundError):  # found while there is room: once the disk is full, none seems to be there
        tempfile.gettempdir()
    app = Flask(
        "portal", template_folder=str(resource_folder("templates")), static_folder=str(resource_folder("static"))
    )
    _configure(app, config)
    app.extensions["portal"] = runtime
    app.logger.addFilter(without_values)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    for extension in (login, csrf, babel, limiter):
        extension.init_app(app)
    speak_source(app, babel)
    write_inputs_fast()
    gate.install(app, login)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.teardown_appcontext(web.close_database)
    app.after_request(_harden)
    _install_words(app)
    _install_errors(app)
    return app


def _configure(app: Flask, config: Config) -> None:
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.base_url.startswith("https://"),
        SESSION_COOKIE_NAME="portal",
        SEND_FILE_MAX_AGE_DEFAULT=YEAR,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; a late form must not lose what was typed
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        RATELIMIT_STORAGE_URI=_limiter_storage(config),
        RATELIMIT_STORAGE_OPTIONS=_limiter_patience(config),
        RATELIMIT_SWALLOW_ERRORS=True,
    )


def _limiter_storage(config: Config) -> str:
    url = config.redis_url
    if not url:
        return "memory://"
    return url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url


def _limiter_patience(config: Config) -> dict[str, float]:
    """A Valkey that hangs holds a request no longer than one that is gone; then the limits are kept in memory."""
    patience = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    return patience if config.redis_url else {}


def _install_words(app: Flask) -> None:
    @cache
    def static_digest(path: str) -> str:
        return hashlib.sha256((Path(str(app.static_folder)) / path).read_bytes()).hexdigest()[:10]

    @cache
    def static_path(script_root: str, path: str) -> str:  # a list asks 70 times; url_for was a fifteenth of the page
        return f"{script_root}{app.static_url_path}/{path}?v={static_digest(path)}"

    def static_url(path: str) -> str:
        return static_path(request.script_root, path)

    @lru_cache(maxsize=512)
    def drawn(script_root: str, name: str, label: str) -> Markup:
        told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        sprite = static_path(script_root, "icons.svg")
        return Markup('<svg class="i" {}><use href="{}#{}"/></svg>').format(told, sprite, name)

    def icon_markup(name: str, label: str = "") -> Markup:  # no macro: a page calls it a hundred times
        return drawn(request.script_root, name, label)

    def csrf_token() -> str:  # a page with a form on each row asks for the same token every time
        made: str = g.get("csrf_token") or generate_csrf()
        return made

    app.jinja_env.globals.update(
        static_url=static_url,
        icon_markup=icon_markup,
        options_markup=options_markup,
        csrf_token=csrf_token,
        public_nav=public_nav,
        can=lambda permission, subject: can(web.current_actor(), Permission(permission), subject),
    )
    ui: Any = app.jinja_env.get_template("ui.html").make_module({})
    ui.field = drawing_empty_once(ui.field)
    app.jinja_env.globals["ui"] = ui

    @app.context_processor
    def frame() -> dict[str, Any]:
        return navigation(web.current_actor(), installation=web.runtime().clock.describe())


def _install_errors(app: Flask) -> None:
    def refuse(status: int, message: str | None) -> ResponseReturnValue:
        return web.page(f"errors/{status}.html", status=status, message=message)

    @app.errorhandler(Refused)
    def refused(refusal: Refused) -> ResponseReturnValue:
        return refuse(STATUS.get(type(refusal), 422), refusal.text)

    @app.errorhandler(OSError)
    def unwritable(problem: OSError) -> ResponseReturnValue:
        if not is_full(problem):  # a body that is spooled to a full disk fails before any view is asked
            raise problem
        return refused(no_room())

    @app.errorhandler(CSRFError)
    def forged(_problem: CSRFError) -> ResponseReturnValue:
        return refuse(400, "页面放得太久，或者不是从本站提交的。请返回上一页刷新后再试，内容没有提交。")

    @app.errorhandler(HTTPException)
    def failed(problem: HTTPException) -> ResponseReturnValue:
        status = problem.code or 500
        if problem.response is not None:
            return problem.response
        known = (Path(str(app.template_folder)) / "errors" / f"{status}.html").is_file()
        return refuse(status, None) if known else (problem.get_response().get_data(as_text=True), status)

    @app.errorhandler(500)
    def broken(_problem: BaseException) -> ResponseReturnValue:
        return refuse(500, None)


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response
