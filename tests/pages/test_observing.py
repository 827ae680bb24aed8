"""What machines ask: /healthz, /readyz, /metrics."""

from dataclasses import replace
from datetime import timedelta

from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import SubjectKind, Topic


def test_a_living_process_says_so(client):
    assert client.get("/healthz").json == {"ok": True}


def test_ready_tells_of_database_valkey_and_lag(client, session, clock):
    facts.record(session, SYSTEM, Topic.CASE_NOTED, SubjectKind.CASE, 1, at=clock.now() - timedelta(seconds=90))
    session.commit()
    assert client.get("/readyz").json == {"ok": True, "database": True, "valkey": None, "lag_seconds": 90.0}


def test_ready_without_valkey_is_ready_and_says_so(client, runtime, tmp_path):
    runtime.config = replace(runtime.config, redis_url=f"unix://{tmp_path}/nobody.sock")
    assert client.get("/readyz").json["valkey"] is False


def test_ready_with_valkey_says_so(client, runtime, redis_url):
    runtime.config = replace(runtime.config, redis_url=redis_url)
    assert client.get("/readyz").json["valkey"] is True


def test_there_are_no_metrics_without_a_token(client):
    assert client.get("/metrics").status_code == 404


def test_metrics_are_for_the_holder_of_the_token(client, runtime):
    runtime.config = replace(runtime.config, metrics_token="let me see")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer let me"}).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": "Bearer let me see"})
    assert answer.status_code == 200
    assert "portal_outbox_due 0.0" in answer.text
    assert 'portal_messages{state="uncertain"} 0.0' in answer.text


def test_a_broken_page_leaves_neither_address_nor_values_in_the_log(app, caplog):
    def broken(**_address):
        raise ValueError("13860001234")

    app.view_functions["static"] = broken
    app.testing = False
    answer = app.test_client().get("/static/secret-token")
    assert answer.status_code == 500
    assert "ValueError" in caplog.text
    assert "13860001234" not in caplog.text
    assert "secret-token" not in caplog.text
