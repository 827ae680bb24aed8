"""How the views of the green channel answer: its pages, the way to the next one, and the cookie of the draft."""

from collections.abc import Sequence
from typing import Any

from flask import Response, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.accounts.codes import CODE_MINUTES, MAX_TRIES
from portal.cases.evidence import MAX_AT_ONCE, MAX_REQUEST
from portal.classification.rules import CLASS_NAMES
from portal.clocks.queries import almanac
from portal.core.money import yuan
from portal.intake import green_access, green_queries
from portal.intake.green_access import Place
from portal.intake.green_files import MAX_FILES
from portal.intake.green_filing import consents_asked
from portal.intake.green_forms import BOUGHT_BY_CHOICES, CodeForm, FileForm, FilesForm, MatterForm, PartForm
from portal.intake.green_queries import DraftView
from portal.intake.rules import greens
from portal.intake.rules.greens import NATURE_NAMES, STEP_NAMES, BoughtBy, Nature, Said, Step
from portal.intake.rules.headlines import DEMAND_NAMES

COOKIE = "complaint"
DAY = 24 * 3600
WAY = (  # the steps as the page counts them: title, endpoint, part
    ("你是谁", "show_step", Step.YOU),
    ("发生了什么", "show_step", Step.MATTER),
    ("你想怎么解决", "show_step", Step.WISH),
    ("证据", "show_files", None),
    ("同意事项", "show_step", Step.CONSENT),
    ("核对并提交", "check", None),
)


def place() -> Place:
    """Whose page, and which draft."""
    return Place(g.slug, request.cookies.get(COOKIE, ""))


def draft() -> DraftView:
    """The draft as it stands now; read once where the request only looks."""
    if request.method == "GET" and "green_draft" in g:
        kept: DraftView = g.green_draft
        return kept
    g.green_draft = green_queries.draft_view(web.database(), place(), now=web.now())
    return g.green_draft


def here(endpoint: str, part: str | None = None, **arguments: str) -> str:
    """The address of another page of this merchant's channel."""
    values: dict[str, Any] = {"slug": g.slug, **arguments}
    return url_for(f"intake_public.{endpoint}", **(values | {"step": part} if part else values))


def to(endpoint: str, part: str | None = None, **arguments: str) -> ResponseReturnValue:
    """Go there."""
    return redirect(here(endpoint, part, **arguments), code=303)


def with_cookie(answer: ResponseReturnValue, token: str) -> Response:
    """Let this browser find its draft again, for as long as the draft is kept."""
    response = make_response(answer)
    days = green_access.kept_days(web.database(), now=web.now())
    response.set_cookie(
        COOKIE, token, max_age=days * DAY, path=_path(), httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


def without_cookie(answer: ResponseReturnValue) -> Response:
    """Let this browser forget the draft."""
    response = make_response(answer)
    response.delete_cookie(COOKIE, path=_path())
    return response


def _path() -> str:
    return url_for("intake_public.complain", slug=g.slug)


def page(template: str, *, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Render one of the channel's pages."""
    values = {"door": g.door, "here_to": here, "failed": status >= 400, "authority_name": g.door.authority, **context}
    return web.page(f"intake/{template}.html", status=status, **values)


def way(current: str, part: Step | None = None) -> dict[str, Any]:
    """Which step of how many this is."""
    place_in = next(index for index, (_title, endpoint, step) in enumerate(WAY) if endpoint == current and step is part)
    back = WAY[place_in - 1] if place_in else ("", "complain", None)
    return {
        "number": place_in + 1,
        "count": len(WAY),
        "title": WAY[place_in][0],
        "back": here(back[1], back[2].value if back[2] else None),
    }


def step_page(step: Step, form: PartForm, *, status: int = 200, objection: str | None = None) -> ResponseReturnValue:
    """One part of the form."""
    if objection:
        form.form_errors = [objection]
        status = 422
    if isinstance(form, MatterForm):
        form.offer_outlets(green_queries.outlets_of(web.database(), g.door))
    words = consents_asked(g.door, almanac(web.database()), now=web.now()) if step is Step.CONSENT else {}
    return page(
        f"public_green_{step.value}",
        status=status,
        form=form,
        way=way("show_step", step),
        words={kind.value: text for kind, text in words.items()},
        view=draft(),
    )


def code_page(form: CodeForm, *, status: int = 200, sent: bool = False) -> ResponseReturnValue:
    """The proof of the number, or what lies behind it."""
    view, book = draft(), almanac(web.database())
    if not view.begun or Step.YOU in view.left:
        return to("show_step", Step.YOU.value)
    if not view.proved:
        return page(
            "public_green_code",
            status=status,
            form=form,
            sent=sent,
            view=view,
            way=way("show_step", Step.YOU),
            minutes=CODE_MINUTES,
            tries=MAX_TRIES,
        )
    found = green_queries.open_complaint(web.database(), place(), now=web.now())
    objection = green_queries.objection_to_filing(web.database(), place(), g.door, book, now=web.now())
    if objection is None and (found is None or view.apart):
        return to("show_step", Step.MATTER.value)
    return page("public_green_again", view=view, found=found, objection=objection, way=way("show_step", Step.YOU))


def files_page(
    form: FilesForm, *, added: str = "", objections: Sequence[str] = (), status: int = 200, kept: int = 0
) -> ResponseReturnValue:
    """The photos of the draft."""
    form.files.errors = list(objections)
    view = draft()
    if not view.begun:
        return to("complain")
    said = f"已收到 {int(added)} 个文件。" if added.isdigit() and int(added) else ""
    if added == "0":
        said = "这些文件之前已经上传过，不用再传。"
    if kept:
        said = f"其余 {kept} 个文件已收到。"
    return page(
        "public_green_files",
        status=status,
        form=form,
        view=view,
        said=said,
        way=way("show_files"),
        most=MAX_AT_ONCE,
        in_all=MAX_FILES,
        max_bytes=MAX_REQUEST,
    )


def check_page(form: FileForm, *, objection: str | None = None) -> ResponseReturnValue:
    """Everything as it will be filed, and what is still missing."""
    view = draft()
    if not view.begun:
        return to("complain")
    if objection:
        form.form_errors = [objection]
    words = greens.words_of_a_tip(view.said)
    return page(
        "public_green_check",
        status=422 if objection else 200,
        form=form,
        view=view,
        way=way("check"),
        parts=parts_of(view),
        missing=missing(view),
        suspicion=greens.suspicion_sentence(words, g.door.authority) if words else "",
        consents=_consents(view.said),
    )


def _consents(said: Said) -> list[tuple[str, bool]]:
    words = consents_asked(g.door, almanac(web.database()), now=web.now())
    given = (said.settle, said.share, said.publish)
    return list(zip(words.values(), given, strict=True))


def missing(view: DraftView) -> list[tuple[str, str]]:
    """What has to be done before filing: words and address."""
    found = [(STEP_NAMES[step], here("show_step", step.value)) for step in view.left]
    if not view.proved and Step.YOU not in view.left:
        found.insert(0, ("验证手机号", here("show_code")))
    return found


def parts_of(view: DraftView) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What was typed, a part each: title, address to change it, rows."""
    said = view.said
    rows = {
        Step.YOU: [("姓名", said.name), ("手机号", view.phone_mask), ("地址", said.address)],
        Step.MATTER: [
            ("类别", CLASS_NAMES.get(said.category, "")),
            ("商品或服务", said.goods),
            ("问题", _named(Nature, NATURE_NAMES, said.nature)),
            ("怎么买的", _named(BoughtBy, BOUGHT_BY_CHOICES, said.bought_by)),
            ("门店", said.outlet),
            ("购买日期", said.purchased_on),
            ("涉及金额", f"¥{yuan(said.fen)}" if said.fen is not None else ""),
            ("订单号", said.order),
            ("经过", said.text),
        ],
        Step.WISH: [("你想要", "、".join(DEMAND_NAMES[one] for one in said.asked)), ("补充说明", said.detail)],
    }
    return [
        (STEP_NAMES[step], here("show_step", step.value), [(name, value) for name, value in found if value])
        for step, found in rows.items()
    ]


def _named(kind: Any, names: Any, value: str) -> str:
    return str(names[kind(value)]) if value in set(kind) else ""
