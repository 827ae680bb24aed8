"""`portal messages`: what was sent to whom, for the operator; every call is recorded (decisions 12)."""

from typing import Any

import click

from portal import terminal
from portal.clocks.rules import SHANGHAI
from portal.core.actor import OPERATOR
from portal.notifications.actions import ReadMessages, note_reading
from portal.notifications.queries import PrintedMessage, printed_messages

STATES = {
    "waiting": "待发送",
    "sending": "发送中",
    "sent": "已发送",
    "delivered": "已送达",
    "kept": "未配置通道，仅保留",
    "failed": "未发出",
    "uncertain": "可能已发送",
}
CHANNELS = {"sms": "短信", "mail": "邮件"}


@click.command(help="发给谁、经什么通道、内容是什么，新的在前。没有配置通道时显示链接；每次查看都留记录。")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="最多显示几条。")
@terminal.json_option
def messages(limit: int, as_json: bool) -> None:
    """Print the messages, newest first; links only where no real gateway is configured."""
    with terminal.installation() as house:
        openly = not house.config.has_gateway
        with house.reading() as session:
            found = printed_messages(
                session, limit=limit, base_url=house.config.base_url, openly=openly, now=house.now()
            )
        house.perform(OPERATOR, note_reading, ReadMessages(len(found), openly))
    text = "\n".join(_line(one) for one in found) or "还没有消息。"
    terminal.answer(as_json, {"messages": [_as_json(one) for one in found]}, text)


def _as_json(message: PrintedMessage) -> dict[str, Any]:
    return {
        "to": message.to,
        "channel": message.channel.value,
        "state": message.state.value,
        "text": message.text,
        "link": message.link,
        "case": message.case,
        "at": message.at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
    }


def _line(message: PrintedMessage) -> str:
    when = f"{message.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    head = (
        f"{when}  {CHANNELS[message.channel.value]}  {message.to}  {message.case or ''}  {STATES[message.state.value]}"
    )
    return f"{head}\n    {message.text}"
