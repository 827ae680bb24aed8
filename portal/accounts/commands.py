"""Commands: people and authorities."""

import sys
from pathlib import Path

import click

from portal import terminal
from portal.accounts import passwords, queries
from portal.accounts.actions import AddPerson, add_person
from portal.accounts.authorities import AuthorityRow, ImportAuthorities, import_authorities
from portal.accounts.people import AddMembership, add_membership
from portal.accounts.switches import SwitchOdr, switch_odr
from portal.core.actor import OPERATOR, ROLE_NAMES, Role
from portal.core.cells import folded
from portal.core.errors import NotFound
from portal.core.tables import NamedRow, read_named
from portal.runtime import Runtime

SIZE_LIMIT = 20 * 1024**2  # bytes; the whole country has fewer than 50,000 authorities
COLUMNS = {
    "code": ("代码", "机构代码", "部门代码", "单位代码", "编码"),
    "name": ("名称", "机构名称", "部门名称", "单位名称"),
    "parent": ("上级代码", "上级机构代码", "上级部门代码", "上级单位代码", "上级"),
    "level": ("层级", "级别", "机构层级"),
    "prefix": ("编号前缀", "前缀"),
}


@click.group(help="人员：添加登录人员。")
def users() -> None:
    """People who sign in."""


@users.command("add", help="添加一个登录人员；已有的登录名则加入另一个单位。NAME 是登录名。")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="岗位。")
@click.option("--org", help="企业的统一社会信用代码，或监管部门的代码；admin 可以不写。")
@click.option("--password-stdin", is_flag=True, help="从标准输入的第一行读密码；不写则生成一个并显示一次。")
def add(name: str, role: str, org: str | None, password_stdin: bool) -> None:
    """Add a person, or a membership to one who exists."""
    with terminal.installation() as house:
        code = org or _operator_code(house, Role(role))
        with house.reading() as session:
            exists = queries.person_exists(session, name)
        if exists and not password_stdin:
            house.perform(OPERATOR, add_membership, AddMembership(name, Role(role), code))
            click.echo(f"已让 {name} 加入 {code}，岗位：{ROLE_NAMES[Role(role)]}。密码不变。")
            return
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else passwords.generated_password()
        command = AddPerson(name, name, Role(role), code, password, must_change=not password_stdin)
        house.perform(OPERATOR, add_person, command)
        click.echo(f"已添加 {name}，岗位：{ROLE_NAMES[Role(role)]}，单位：{code}。")
        if not password_stdin:
            click.echo(f"初始密码（只显示这一次，首次登录要修改）：{password}")


@click.group(help="监管部门：导入部门树。")
def authorities() -> None:
    """The tree of authorities."""


@authorities.command("import", help="导入监管部门和消委会（CSV 或 XLSX：代码、名称、上级代码、层级，可有编号前缀）。")
@click.argument("file", type=terminal.Upload())
@terminal.json_option
def import_file(file: Path, as_json: bool) -> None:
    """Import authorities and councils; faulty rows are told, good ones kept."""
    with terminal.installation() as house:
        with terminal.reading_file(file) as stream:
            table = read_named(stream, COLUMNS, required=("code", "name"), size_limit=SIZE_LIMIT)
        rows = tuple(authority_row(row) for row in table.rows)
        imported = house.perform(OPERATOR, import_authorities, ImportAuthorities(rows))
        terminal.tell_imported(as_json, imported, "监管部门")


@authorities.command("switch", help="受理前先行和解：企业期限在法定受理期限前结束（下级部门随上级；已分派的不变）。")
@click.argument("code")
@click.argument("state", type=click.Choice(["on", "off"]))
def switch(code: str, state: str) -> None:
    """Switch whether merchants negotiate before the authority decides on 受理."""
    with terminal.installation() as house:
        changed = house.perform(OPERATOR, switch_odr, SwitchOdr(folded(code).upper(), state == "on"))
    said = "开启" if state == "on" else "关闭"
    click.echo(f"受理前先行和解已{said}。" if changed else f"受理前先行和解本来就是{said}的，没有改动。")


def authority_row(row: NamedRow) -> AuthorityRow:
    """Read a line of the file."""
    values = row.values
    return AuthorityRow(
        line=row.line,
        code=folded(values["code"]).upper(),
        name="".join(values["name"].split()),
        parent_code=folded(values.get("parent", "")).upper(),
        level=values.get("level", ""),
        prefix=folded(values.get("prefix", "")).upper(),
    )


def _operator_code(house: Runtime, role: Role) -> str:
    if role is not Role.ADMIN:
        raise click.MissingParameter(param=click.Option(["--org"]))
    with house.reading() as session:
        code = queries.operator_code(session)
    if code is None:
        raise NotFound("没有运维单位。请先运行 portal db upgrade。")
    return code
