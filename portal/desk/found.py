"""A search by full number or name, carried in the address as a signed token: neither ever stands there."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.cases.lookups import Known, Sought
from portal.core.actor import Actor

MINUTES = 30  # as long as a reasoned grant (decisions 19)


def token_for(actor: Actor, sought: Sought) -> str:
    """Sign what was looked for, for the person who searched."""
    return _signer(actor).dumps([sought.by.value, sought.index.hex()])


def sought_by(actor: Actor, token: str) -> Sought | None:
    """What a token looks for; None when it is forged, another person's, or older than thirty minutes."""
    if not token:
        return None
    try:
        by, index = _signer(actor).loads(token, max_age=MINUTES * 60)
        return Sought(Known(by), bytes.fromhex(index))
    except (BadSignature, ValueError):
        return None


def _signer(actor: Actor) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"found-consumer:{actor.person_id}")
