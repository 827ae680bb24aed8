"""The processes of an installation, each as a command, and all of them as one."""

import os

import click

from portal import embedded, terminal
from portal.config import Config
from portal.installing import install, settings_to_install
from portal.processes import Company, Part, Program, ValkeyPart, until_told
from portal.queues import LONG, QUICK
from portal.schedule import keep_time
from portal.serving import WORKERS, refuse_taken_port, serve
from portal.worker import DUE, JOBS
from portal.worker import tick as do_tick
from portal.workhorse import work

LOCAL = "127.0.0.1"

port_option = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口。")
host_option = click.option("--host", default=LOCAL, show_default=True, help="监听的地址。")


@click.command(help="提供网站。")
@port_option
@host_option
@click.option("--workers", default=WORKERS, show_default=True, type=click.IntRange(1, 64), help="进程数。")
def web(port: int, host: str, workers: int) -> None:
    """Serve the site."""
    with terminal.installation() as house:
        house.engine.dispose()  # this process only watches over those that serve
    serve(host, port, workers)


@click.command(help="处理后台任务。")
@click.option("-n", "count", default=1, show_default=True, type=click.IntRange(1, 64), help="同时处理的任务数。")
@click.option("--quick", is_flag=True, help="只做短任务，不做导入。")
@click.option("--burst", is_flag=True, help="队列空了就结束。")
def worker(count: int, quick: bool, burst: bool) -> None:
    """Work on the queues; with a count, as that many processes."""
    if count > 1:
        with terminal.installation():
            pass
        run_together(worker_programs(count, {}))
        return
    with terminal.installation() as house:
        work(house, JOBS, [QUICK] if quick else [QUICK, LONG], burst=burst)


@click.command(help="按时发起定时任务；可以同时运行多个，不会重复。")
def schedule() -> None:
    """Ask for each duty when it is due."""
    with terminal.installation() as house:
        keep_time(house, DUE, until_told())


@click.command(help="把现在到期的事情全部做完：投递、提醒、到期、短信。")
@terminal.json_option
def tick(as_json: bool) -> None:
    """Do everything that is due now and print the counts."""
    with terminal.installation() as house:
        reports = do_tick(house)
    payload = {name: {"done": report.done, "failed": report.failed} for name, report in reports.items()}
    lines = [f"{name}：{report.done} 项，失败 {report.failed} 项" for name, report in reports.items()]
    terminal.answer(as_json, payload, "\n".join(lines))


@click.command(help="在一台机器上运行全部：Valkey、网站、后台任务、定时任务；Ctrl-C 全部停止。")
@port_option
@host_option
def run(port: int, host: str) -> None:
    """Run everything on one machine."""
    refuse_taken_port(host, port)
    house = install(settings_to_install())
    config = house.config
    house.close()
    run_house(config, host, port, announcement=f"网站已就绪：{address(host, port)}（Ctrl-C 停止）")


def run_house(config: Config, host: str, port: int, *, announcement: str) -> None:
    """Run all parts of an installation until told to stop; prints the announcement when the site answers.

    Raises CannotStart, with everything stopped again.
    """
    refuse_taken_port(host, port)
    run_together(house_parts(config, host, port), ready=f"{address(host, port)}/readyz", announcement=announcement)


def run_together(parts: list[Part], *, ready: str | None = None, announcement: str = "") -> None:
    """Start the parts, keep them running, stop them when told; leaves no process behind."""
    company = Company(parts, until_told())
    try:
        company.start()
        if ready:
            company.wait_until_ready(ready)
        if announcement and not company.stop.is_set():
            click.echo(announcement)
        company.keep()
    finally:
        company.end()


def house_parts(config: Config, host: str, port: int) -> list[Part]:
    """The processes of the one-machine run: our own Valkey unless one is configured, web, two workers, the schedule."""
    env = {
        "PORTAL_DATA": str(config.data),
        "PORTAL_BASE_URL": os.environ.get("PORTAL_BASE_URL") or address(host, port),
    }
    parts: list[Part] = []
    if not config.redis_url:
        parts.append(ValkeyPart(config.data))
        env["PORTAL_REDIS_URL"] = embedded.valkey_url(config.data)
    parts += worker_programs(2, env)
    parts.append(Program("schedule", ["schedule"], env))
    parts.append(Program("web", ["web", "--port", str(port), "--host", host], env))
    return parts


def worker_programs(count: int, env: dict[str, str]) -> list[Part]:
    """Worker processes, one of which leaves the long jobs to the others, so that a short one never waits for them."""
    return [
        Program(f"worker-{number}", ["worker", "--quick"] if number == 1 and count > 1 else ["worker"], env)
        for number in range(1, count + 1)
    ]


def address(host: str, port: int) -> str:
    """The address of the site as a browser on this machine types it."""
    shown = LOCAL if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared, not listened at
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
