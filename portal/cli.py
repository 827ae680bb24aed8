"""The command line: one door, one handler for refusals; a command is loaded when it is called, not before.

To add a command: write it in `portal/<capability>/commands.py` and give it a line in COMMANDS.
"""

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from portal.core.errors import Refused

Table = Mapping[str, tuple[str, str]]  # name → (module:command, one line of help)

COMMANDS: Table = {
    "authorities": ("portal.accounts.commands:authorities", "监管部门：导入部门树"),
    "bench": ("portal.demo.commands:bench", "基准测试：每秒多少、多少语句、多少字节"),
    "calendar": ("portal.clocks.commands:calendar", "日历：导入公布的放假安排"),
    "clock": ("portal.operations:clock", "演练环境的时钟：只能向前拨"),
    "commitments": ("portal.commitments.commands:commitments", "无理由退货承诺：导入名录"),
    "db": ("portal.operations:db", "数据库：升级、核对"),
    "deadlines": ("portal.desk.commands:deadlines", "期限：推算到期日并说明理由"),
    "demo": ("portal.demo.commands:demo", "新建演示安装并运行全部"),
    "doctor": ("portal.doctor:doctor", "逐项检查设置、数据库、队列、密钥、日历、字体"),
    "ledger": ("portal.ledgers.commands:ledger", "台账：核对与导出"),
    "erase": ("portal.retention.commands:erase", "清除：执行两人批准的台账清除清单"),
    "limits": ("portal.desk.commands:limits", "期限表：天数、依据与起止"),
    "generate": ("portal.demo.commands:generate", "生成大量演示数据"),
    "import": ("portal.intake.commands:import_file", "从文件导入投诉举报"),
    "merchants": ("portal.enrolment.commands:merchants", "企业：导入入驻企业"),
    "run": ("portal.commands:run", "在一台机器上运行全部"),
    "schedule": ("portal.commands:schedule", "按时发起定时任务"),
    "tick": ("portal.commands:tick", "把现在到期的事情全部做完"),
    "messages": ("portal.notifications.commands:messages", "消息：发给谁、经什么通道、内容和链接"),
    "users": ("portal.accounts.commands:users", "人员：添加登录人员"),
    "web": ("portal.commands:web", "提供网站"),
    "worker": ("portal.commands:worker", "处理后台任务"),
}
INTERRUPTED = 130  # 128 + SIGINT, as shells say it


class LazyGroup(click.Group):
    """A group that knows its commands by name and help line, and imports one only to run it."""

    def __init__(self, *args: Any, table: Table = COMMANDS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names, alphabetically."""
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command; None where there is none of this name."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help lines of the table, importing nothing."""
        with formatter.section("命令"):
            formatter.write_dl([(name, self.table[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="在线消费纠纷解决企业自助门户。设置见环境变量 PORTAL_*，用 portal doctor 查看。",
)
def portal() -> None:
    """Every command of the installation."""
    importlib.import_module("portal.logs").start_logging()


def main() -> None:
    """Run one command and end the process with its code: 0 done, 1 refused, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # a bare machine has LANG=C
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; whatever goes wrong is told in one sentence on standard error, never as a traceback."""
    try:
        result = portal.main(args=list(arguments), prog_name="portal", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001  the last door
        code, sentence = told(problem)
        click.echo(sentence, err=True)
        return code
    return result if isinstance(result, int) else 0


def told(problem: BaseException) -> tuple[int, str]:
    """The exit code and the sentence for whatever ended a command."""
    match problem:
        case click.exceptions.NoArgsIsHelpError():
            return 2, problem.format_message()
        case click.UsageError():
            return 2, wrong_usage(problem)
        case click.ClickException():
            return 1, problem.format_message()
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED, "已中断。"
        case Refused():
            return 1, problem.text
        case _:
            return 1, unforeseen(problem)


def wrong_usage(problem: click.UsageError) -> str:
    """Say what was wrong with the words typed, and where help is."""
    path = problem.ctx.command_path if problem.ctx else "portal"
    match problem:
        case click.MissingParameter(param=click.Option() as option):
            text = f"缺少 {option.opts[0]}。"
        case click.MissingParameter(param=click.Argument() as argument):
            text = f"缺少 {argument.human_readable_name}。"
        case click.NoSuchOption(option_name=name):
            text = f"没有选项 {name}。"
        case click.exceptions.NoSuchCommand(command_name=name):
            text = f"没有命令 {name}。"
        case click.BadParameter(param=click.Parameter() as parameter):
            text = f"{parameter.human_readable_name} 不对：{problem.message}"
        case _:
            text = problem.message
    return f"用法不对：{text} 请看 {path} --help。"


def unforeseen(problem: BaseException) -> str:
    """Describe a fault of ours or of the machine by kind and place; its own text may hold people's data."""
    place = importlib.import_module("portal.logs").kind_and_place(problem)
    if isinstance(problem, OSError) and problem.strerror:
        return f"无法读写 {problem.filename or ''}：{problem.strerror}（{place}）。"
    if type(problem).__module__.startswith(("sqlalchemy", "psycopg", "sqlite3")):
        return f"数据库不可用或没有应答（{place}）。请用 portal doctor 检查设置和数据库。"
    if type(problem).__module__.startswith("redis"):
        return f"Valkey 不可用或没有应答（{place}）。请用 portal doctor 检查 PORTAL_REDIS_URL。"
    return f"程序出错（{place}）。没有写入不完整的内容；请把这一行报给维护人员。"
