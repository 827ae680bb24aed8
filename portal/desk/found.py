"""A search by full phone number, carried in the address as a signed token: the number itself never stands there."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.core.actor import Actor

MINUTES = 30  # as long as a reasoned grant (decisions 19)


def token_for(actor: Actor, index: bytes) -> str:
    """Sign a blind index for the person who searched."""
    return _signer(actor).dumps(index.hex())


def index_of(actor: Actor, token: str) -> bytes | None:
    """The blind index behind a token; None when it is forged, another person's, or older than thirty minutes."""
    if not token:
        return None
    try:
        return bytes.fromhex(_signer(actor).loads(token, max_age=MINUTES * 60))
    except (BadSignature, ValueError):
        return None


def _signer(actor: Actor) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"found-by-phone:{actor.person_id}")
