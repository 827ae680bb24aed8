"""The columns of an exported ledger's CSV: what the log writes, then every field of the two books, then the rest."""

from portal.ledgers.rules.entries import COMPLAINT_FIELDS
from portal.ledgers.rules.returns import RETURN_FIELDS

ENVELOPE_COLUMNS = (
    ("seq", "序号"),
    ("kind", "种类"),
    ("number", "编号"),
    ("amends", "更正第几条"),
    ("occurred_on", "日期"),
    ("reference", "投诉编号"),
)
CLOSING_COLUMNS = (("reason", "更正理由"), ("author", "登记人"), ("at", "登记时间"), ("merchant", "企业代码"))
REST = ("rest", "其他")  # fields without a column of their own, as JSON


def _columns() -> tuple[tuple[str, str], ...]:
    found = dict(ENVELOPE_COLUMNS)
    for field in (*COMPLAINT_FIELDS, *RETURN_FIELDS):
        found.setdefault(field.name, field.title.replace("（元）", "（分）"))  # a line holds 分
    for name, title in CLOSING_COLUMNS:
        found.setdefault(name, title)
    return (*found.items(), REST)


BUNDLE_COLUMNS = _columns()
