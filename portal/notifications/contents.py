"""Filling in a message at the moment it is sent or shown: link, code, number, and the page for staff."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.codes import digits_of
from portal.core.privacy import vault_of
from portal.notifications.drafting import SEAL
from portal.notifications.gateways import Outgoing
from portal.notifications.models import Message, RecipientKind
from portal.notifications.standalone import PATH_SEAL
from portal.notifications.templates import (
    GONE,
    HIDDEN_CODE,
    HIDDEN_LINK,
    TEMPLATES,
    TemplateCode,
    compose,
    is_sms,
    subject_of,
)

DESKS = {RecipientKind.MERCHANT: "merchant", RecipientKind.OFFICER: "regulator"}
MAIL_FOOT = "本邮件由系统发出，不用回复。"


class Gone(Exception):  # noqa: N818
    """The link or the code of a message ended before it was sent."""


def outgoing_of(session: Session, message: Message, *, base_url: str, now: datetime) -> Outgoing:
    """A message as the gateway gets it; raises Gone or TooLong. Needs `link` and `code` loaded."""
    assert message.to_sealed is not None
    template = TEMPLATES[TemplateCode(message.template)]
    secrets = _secrets(session, message, base_url=base_url, now=now)
    if None in secrets.values():
        raise Gone
    known = {name: value for name, value in secrets.items() if value is not None}
    text = compose(message.template, message.parameters, **known)
    if not is_sms(template):
        text = f"{text}\n\n{page_for_staff(message, base_url)}\n\n{MAIL_FOOT}\n"
    return Outgoing(
        idempotency_key=message.idempotency_key,
        to=vault_of(session).open_secret(message.to_sealed, SEAL),
        template=template.gateway_code,
        parameters={**message.parameters, **known},
        text=text,
        signature=message.parameters.get("signature", ""),
        subject=subject_of(message.template, message.parameters),
    )


def shown_text(session: Session, message: Message, *, base_url: str, now: datetime, openly: bool) -> str:
    """The text of a message as the operator or the demo's phone shows it; its link and code only `openly`."""
    if not openly:
        hidden = {"link": HIDDEN_LINK, "code": HIDDEN_CODE}
        needed = TEMPLATES[TemplateCode(message.template)].secrets
        return compose(message.template, message.parameters, **{name: hidden[name] for name in needed})
    secrets = _secrets(session, message, base_url=base_url, now=now)
    return compose(message.template, message.parameters, **{name: value or GONE for name, value in secrets.items()})


def link_of(session: Session, message: Message, *, base_url: str) -> str | None:
    """The address in a message; None where it has none or the token was wiped."""
    if message.path_sealed is not None:
        return f"{base_url}{vault_of(session).open_secret(message.path_sealed, PATH_SEAL)}"
    token = links.token_of(session, message.link) if message.link else None
    return f"{base_url}/c/{token}" if token else None


def page_for_staff(message: Message, base_url: str) -> str:
    """The address of the page that the message is about, on the desk of whoever it is for."""
    if path := message.parameters.get("path"):
        return f"{base_url}{path}"
    return f"{base_url}/{DESKS[message.recipient_kind]}/cases/{message.parameters['case']}"


def _secrets(session: Session, message: Message, *, base_url: str, now: datetime) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in TEMPLATES[TemplateCode(message.template)].secrets:
        if name == "code":
            found[name] = digits_of(session, message.code, now=now) if message.code else None
        else:
            live = links.is_live(message.link, now=now) if message.link else message.path_sealed is not None
            found[name] = link_of(session, message, base_url=base_url) if live else None
    return found
