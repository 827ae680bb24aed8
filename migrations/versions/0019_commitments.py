"""Promises, their versions, and the programmes they are passed under."""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSONS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


WITHOUT, WITH = (
    "kind IN ('agreement', 'consumer_letter')",
    "kind IN ('agreement', 'consumer_letter', 'promise')",
)


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _way() -> sa.Enum:
    return _words("way", "offline", "online")


def upgrade() -> None:
    _replace_check("document", "documentkind", WITHOUT, WITH)
    op.create_table(
        "promise_programme",
        sa.Column("way", _way(), nullable=False),
        sa.Column("organisation_id", BIG, nullable=True),
        sa.Column("least_days", sa.Integer(), nullable=False),
        sa.Column("exclusions", JSONS, nullable=False),
        sa.Column("most_days_to_answer", sa.Integer(), nullable=False),
        sa.Column("most_days_to_refund", sa.Integer(), nullable=False),
        sa.Column("valid_months", sa.Integer(), nullable=True),
        sa.Column("second_review", sa.Boolean(), nullable=False),
        sa.Column("council_id", BIG, nullable=True),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("is_law", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("least_days > 0", name=op.f("ck_promise_programme_least_days_positive")),
        sa.ForeignKeyConstraint(
            ["council_id"], ["organisation.id"], name=op.f("fk_promise_programme_council_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_promise_programme_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_programme")),
    )
    op.create_index(op.f("ix_promise_programme_council_id"), "promise_programme", ["council_id"], unique=False)
    op.create_index("ix_promise_programme_organisation_id", "promise_programme", ["organisation_id"], unique=False)
    op.create_index("ix_promise_programme_way", "promise_programme", ["way", "valid_from"], unique=False)
    op.create_table(
        "promisor",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("normalised_name", sa.String(), nullable=False),
        sa.Column("merchant_id", BIG, nullable=True),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("council_id", BIG, nullable=True),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("association", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_promisor_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(["council_id"], ["organisation.id"], name=op.f("fk_promisor_council_id_organisation")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_promisor_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promisor")),
        sa.UniqueConstraint("code", name=op.f("uq_promisor_code")),
        sa.UniqueConstraint("slug", name=op.f("uq_promisor_slug")),
    )
    op.create_index("ix_promisor_authority_id", "promisor", ["authority_id", "id"], unique=False)
    op.create_index(op.f("ix_promisor_council_id"), "promisor", ["council_id"], unique=False)
    op.create_index(
        "uq_promisor_merchant",
        "promisor",
        ["merchant_id"],
        unique=True,
        postgresql_where=sa.text("merchant_id IS NOT NULL"),
        sqlite_where=sa.text("merchant_id IS NOT NULL"),
    )
    op.create_table(
        "promise_version",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("promisor_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _words(
                "promisestate",
                "draft",
                "submitted",
                "district_passed",
                "passed",
                "current",
                "refused",
                "second_refused",
                "replaced",
                "expired",
                "ended",
                "removed",
            ),
            nullable=False,
        ),
        sa.Column("origin", _words("origin", "merchant", "district", "city"), nullable=False),
        sa.Column("way", _way(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("pickup_start", _words("pickupstart", "receipt_day", "day_after"), nullable=False),
        sa.Column("delivery_start", _words("deliverystart", "day_after_signing", "signing_day"), nullable=False),
        sa.Column("conditions", sa.String(), nullable=False),
        sa.Column("freight", _words("freight", "consumer", "merchant", "in_shop"), nullable=False),
        sa.Column("freight_note", sa.String(), nullable=False),
        sa.Column("gifts", sa.String(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("receipt_lost", sa.String(), nullable=False),
        sa.Column("days_to_answer", sa.Integer(), nullable=False),
        sa.Column("days_to_refund", sa.Integer(), nullable=False),
        sa.Column("any_outlet", sa.Boolean(), nullable=False),
        sa.Column("any_outlet_note", sa.String(), nullable=False),
        sa.Column("easy_exchange", sa.Boolean(), nullable=False),
        sa.Column("easy_exchange_note", sa.String(), nullable=False),
        sa.Column("advances", sa.Boolean(), nullable=False),
        sa.Column("advances_note", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("warned_on", sa.Date(), nullable=True),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("programme", JSONS, nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_by", sa.String(), nullable=True),
        sa.Column("first_person_id", BIG, nullable=True),
        sa.Column("first_organisation_id", BIG, nullable=True),
        sa.Column("first_opinion", sa.String(), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_by", sa.String(), nullable=True),
        sa.Column("second_opinion", sa.String(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removal_reason", sa.String(), nullable=True),
        sa.Column("ended_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(removed_on IS NOT NULL) = (state = 'removed')", name=op.f("ck_promise_version_removed_on_iff_removed")
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_promise_version_days_positive")),
        sa.CheckConstraint("last_on IS NULL OR first_on <= last_on", name=op.f("ck_promise_version_span_ordered")),
        sa.ForeignKeyConstraint(
            ["first_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_promise_version_first_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["first_person_id"], ["person.id"], name=op.f("fk_promise_version_first_person_id_person")
        ),
        sa.ForeignKeyConstraint(["promisor_id"], ["promisor.id"], name=op.f("fk_promise_version_promisor_id_promisor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_version")),
        sa.UniqueConstraint("reference", name=op.f("uq_promise_version_reference")),
    )
    op.create_index(
        op.f("ix_promise_version_first_organisation_id"), "promise_version", ["first_organisation_id"], unique=False
    )
    op.create_index(op.f("ix_promise_version_first_person_id"), "promise_version", ["first_person_id"], unique=False)
    op.create_index("ix_promise_version_state", "promise_version", ["state", "next_on", "id"], unique=False)
    op.create_index(
        "uq_promise_version_current",
        "promise_version",
        ["promisor_id"],
        unique=True,
        postgresql_where=sa.text("state = 'current'"),
        sqlite_where=sa.text("state = 'current'"),
    )
    op.create_index("uq_promise_version_number", "promise_version", ["promisor_id", "number"], unique=True)
    op.create_index(
        "uq_promise_version_open",
        "promise_version",
        ["promisor_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('draft', 'submitted', 'district_passed', 'passed', 'refused', 'second_refused')"
        ),
        sqlite_where=sa.text(
            "state IN ('draft', 'submitted', 'district_passed', 'passed', 'refused', 'second_refused')"
        ),
    )
    op.create_table(
        "promise_exclusion",
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("way", _way(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("basis_kind", _words("basiskind", "law", "confirmed", "declared"), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["promise_version.id"], name=op.f("fk_promise_exclusion_version_id_promise_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_exclusion")),
    )
    op.create_index("ix_promise_exclusion_version_id", "promise_exclusion", ["version_id", "position"], unique=False)
    op.create_table(
        "promise_outlet",
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("outlet_id", BIG, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_promise_outlet_outlet_id_outlet")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["promise_version.id"], name=op.f("fk_promise_outlet_version_id_promise_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_outlet")),
    )
    op.create_index(op.f("ix_promise_outlet_outlet_id"), "promise_outlet", ["outlet_id"], unique=False)
    op.create_index("ix_promise_outlet_version_id", "promise_outlet", ["version_id", "position"], unique=False)
    op.create_table(
        "promise_scope",
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("way", _way(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("days IS NULL OR days > 0", name=op.f("ck_promise_scope_days_positive")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["promise_version.id"], name=op.f("fk_promise_scope_version_id_promise_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_scope")),
    )
    op.create_index("ix_promise_scope_version_id", "promise_scope", ["version_id", "position"], unique=False)
    op.create_table(
        "promise_shop",
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["promise_version.id"], name=op.f("fk_promise_shop_version_id_promise_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_shop")),
    )
    op.create_index("ix_promise_shop_version_id", "promise_shop", ["version_id", "position"], unique=False)
    _seed_programmes()


def downgrade() -> None:
    op.execute("DELETE FROM document WHERE kind = 'promise'")
    _replace_check("document", "documentkind", WITH, WITHOUT)
    for table in ("shop", "scope", "outlet", "exclusion", "version"):
        op.drop_table(f"promise_{table}")
    op.drop_table("promisor")
    op.drop_table("promise_programme")


LAW_25 = "《消费者权益保护法》第二十五条第一款"
MEASURES_7 = "《网络购买商品七日无理由退货暂行办法》第七条"
ONLINE = (  # code, what the consumer reads, on what it rests, the article
    ("made_to_order", "消费者定作的商品", "law", LAW_25 + "第一项"),
    ("perishable", "鲜活易腐的商品", "law", LAW_25 + "第二项"),
    (
        "digital",
        "在线下载或者消费者拆封的音像制品、计算机软件等数字化商品",
        "law",
        LAW_25 + "第三项",
    ),
    ("press", "交付的报纸、期刊", "law", LAW_25 + "第四项"),
    (
        "unsealed",
        "拆封后易影响人身安全或者生命健康的商品，或者拆封后易导致商品品质发生改变的商品",
        "confirmed",
        MEASURES_7,
    ),
    ("activated", "一经激活或者试用后价值贬损较大的商品", "confirmed", MEASURES_7),
    ("flawed", "销售时已明示的临近保质期的商品、有瑕疵的商品", "confirmed", MEASURES_7),
)


def _seed_programmes() -> None:
    """What holds everywhere: the law for online sales, and a local programme's default that says it is no law."""
    table = sa.table(
        "promise_programme",
        *(sa.column(name) for name in ("way", "least_days", "most_days_to_answer", "most_days_to_refund")),
        *(sa.column(name) for name in ("valid_months", "second_review", "article", "basis", "is_law")),
        sa.column("exclusions", JSONS),
        sa.column("valid_from", sa.Date()),
    )
    allowed = [{"code": code, "text": text, "basis_kind": kind, "basis": basis} for code, text, kind, basis in ONLINE]
    online = {
        "way": "online",
        "least_days": 7,
        "exclusions": {"free": False, "allowed": allowed},
        "most_days_to_answer": 15,  # longer without handling a request is punished (令90 article 31)
        "most_days_to_refund": 7,  # after the goods came back
        "valid_months": None,
        "second_review": True,
        "article": "第二十五条，《网络购买商品七日无理由退货暂行办法》第十条、第十三条、第三十一条",
        "basis": "《消费者权益保护法》",
        "is_law": True,
        "valid_from": date(2017, 3, 15),  # the measures' first day
    }
    offline = {
        "way": "offline",
        "least_days": 7,
        "exclusions": {"free": True, "allowed": []},
        "most_days_to_answer": 3,
        "most_days_to_refund": 7,
        "valid_months": 12,
        "second_review": True,
        "article": "",
        "basis": "本地项目规则，非法律规定，可由监管部门调整",
        "is_law": False,
        "valid_from": date(2017, 3, 15),
    }
    op.bulk_insert(table, [online, offline])


def _replace_check(table: str, name: str, before: str, after: str) -> None:
    """As revision 0011 does it: agreements refer to the table, so it is not made again."""
    constraint = f"ck_{table}_{name}"
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({after})")
        return
    said = connection.execute(
        sa.text("SELECT sql FROM sqlite_schema WHERE name = :table"), {"table": table}
    ).scalar_one()
    old, new = f"CONSTRAINT {constraint} CHECK ({before})", f"CONSTRAINT {constraint} CHECK ({after})"
    if said.count(old) != 1:
        raise RuntimeError(f"{constraint} does not stand as expected in {table}")
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema=ON")
    connection.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": said.replace(old, new), "table": table},
    )
    op.execute(f"PRAGMA schema_version={version + 1}")
    op.execute("PRAGMA writable_schema=RESET")  # turns it off and reads the tables' texts again
