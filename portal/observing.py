"""What machines ask of the site: does it live, is it ready, how is it. Numbers only, about nobody."""

import hmac

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound

from portal import health, web
from portal.health import Health
from portal.queues import valkey_answers

bp = Blueprint("observing_public", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that the process lives."""
    return {"ok": True}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether the database answers (503 where it does not), whether Valkey does, and how long work waits.

    Without Valkey the site serves on and the schedule does the work, so `valkey: false` is no refusal.
    """
    try:
        lag = health.lag_seconds(web.database(), now=web.now())
    except DBAPIError:
        return {"ok": False, "database": False}, 503
    return {"ok": True, "database": True, "valkey": valkey_answers(web.runtime().config), "lag_seconds": round(lag, 1)}


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Give the numbers to Prometheus; without PORTAL_METRICS_TOKEN there is no such page."""
    token = web.runtime().config.metrics_token
    if token is None:
        raise NotFound
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return Response("401\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    return Response(generate_latest(_gauges(health.look(web.runtime()))), mimetype=CONTENT_TYPE_LATEST)


def _gauges(found: Health) -> CollectorRegistry:
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"portal_{name}", meaning, labels, registry=registry)

    gauge("valkey_up", "1 when Valkey answers").set(1 if found.valkey else 0)
    gauge("lag_seconds", "How long the oldest fact or delivery has been due").set(found.lag_seconds)
    gauge("outbox_due", "Facts due and not taken; 1001 means more").set(found.outbox)
    deliveries = gauge("deliveries", "Deliveries not done, by state; 1001 means more", "state")
    for state, count in found.deliveries.items():
        deliveries.labels(state).set(count)
    messages = gauge("messages", "Messages that have not left, by state; 1001 means more", "state")
    for state, count in found.messages.items():
        messages.labels(state).set(count)
    late = gauge("duty_late_seconds", "How long a duty has been due", "duty")
    failed = gauge("duty_failed", "1 when a duty's last round failed", "duty")
    for name, seconds in found.duties_late_seconds.items():
        late.labels(name).set(seconds)
        failed.labels(name).set(1 if name in found.duties_failed else 0)
    return registry
