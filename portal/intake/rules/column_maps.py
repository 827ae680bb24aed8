"""The column map that a newcomer starts from: every field with the header it is usually known by."""

from portal.intake.rules.columns import ALIASES, REQUIRED, Field

HINTS = {
    Field.TYPE: "投诉或举报；没有这一列时用上面的 default_type",
    Field.TIME: "如 2026-10-12 09:20",
    Field.CODE: "18 位；与企业名称一致的直接派给企业",
    Field.PHONE: "消费者的电话，用于发送链接和合并",
    Field.AMOUNT: "元；列名写着（万元）或（分）的按其单位",
    Field.DIVERSION: "“700 监督ODR企业开展和解”的直接派给企业，其余等经办人员分流",
    Field.AUTHORITY: "监管部门的全称；没有时命令行用 --authority，网页按本单位",
    Field.PLATFORM_DUE_ON: "来源平台自己的期限",
}

HEAD = """\
# 列对照：告诉系统你的表格里哪一列是什么。存成 UTF-8 文本，文件名如 map.toml。
# 等号左边是字段，右边是你的表格里的列名，放在英文双引号里。
# 以 # 开头的行不起作用：用到哪一行，就去掉行首的 #，把双引号里改成你的列名。
# 列名已经和下面一样（或是常见的叫法）的不用写，系统自己认得。其余的列原样保存，经办人员可以查看。

# 表格没有“类型”一列、整张表都是投诉时，去掉下一行的 #：
# default_type = "投诉"

[columns]
"""


def blank_column_map() -> str:
    """A TOML map in which every line is a comment, the required fields first."""
    needed = [_line(one) for one in Field if one in REQUIRED]
    others = [_line(one) for one in Field if one not in REQUIRED]
    return "\n".join([f"{HEAD}\n# 必须有的列", *needed, "", "# 有就更好的列", *others, ""])


def _line(field: Field) -> str:
    hint = HINTS.get(field, "")
    return f'# {field.value} = "{ALIASES[field][0]}"' + (f"  # {hint}" if hint else "")
