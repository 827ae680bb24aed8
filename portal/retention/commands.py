"""The command line of retention: carry out what two people approved, say what else would be due."""

import click

from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.retention import queries
from portal.retention.actions import EraseNext, erase_next
from portal.retention.due import counted_ledgers
from portal.retention.jobs import count_all_due
from portal.runtime import Runtime
from portal.terminal import answer, installation, json_option

SHOWN = 100_000  # ledgers named: every one of an installation


@click.command()
@click.option("--due", is_flag=True, help="执行已由两人批准的清除清单，并列出到期但还没有清单的台账。")
@json_option
def erase(*, due: bool, as_json: bool) -> None:
    """清除台账中到保存期限的个人信息；只执行两人批准的清单。"""
    if not due:
        raise RuleBroken("请写明 --due。清除只执行已由企业和监管部门两人批准的清单。")
    with installation() as house:
        done = [_carried_out(house, *one) for one in _approved(house)]
        count_all_due(house)
        with house.reading() as session:
            waiting = counted_ledgers(session, limit=SHOWN)
    carried = [{"list": reference, "entries": entries} for reference, entries in done]
    left = [
        {"merchant": one.code, "name": one.name, "entries": one.entries, "until": one.cutoff.isoformat()}
        for one in waiting
    ]
    lines = [f"已执行清单 {one['list']}，共 {one['entries']} 笔。" for one in carried]
    lines += [
        f"{one['merchant']} {one['name']}：{one['until']} 及以前的 {one['entries']} 笔到期，等待拟定清单并由两人批准。"
        for one in left
    ]
    answer(as_json, {"done": carried, "due": left}, "\n".join(lines) or "没有到期的台账记录。")


def _approved(house: Runtime) -> list[tuple[int, str, int]]:
    with house.reading() as session:
        return list(queries.approved_lists(session))


def _carried_out(house: Runtime, list_id: int, reference: str, entries: int) -> tuple[str, int]:
    while house.perform(OPERATOR, erase_next, EraseNext(list_id)):
        pass
    return reference, entries
