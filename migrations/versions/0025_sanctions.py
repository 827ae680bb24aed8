"""Sanctions, visits and violations."""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSONS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

APPEND_ONLY = ("sanction_note",)
WITHOUT, WITH = (
    "kind IN ('agreement', 'consumer_letter', 'promise')",
    "kind IN ('agreement', 'consumer_letter', 'promise', 'measure')",
)
SINCE = date(2004, 1, 1)  # as far back as days can be counted
OWN_DEFAULT = "本平台设定，非法律规定，可由监管部门调整"
DEFAULTS = (  # code, threshold, least, days, level; no number of it is in any rule
    ("overdue", 3, 0, 90, "remind"),
    ("settlement_rate", 40, 10, 90, "remind"),
    ("false_feedback", 2, 0, 90, "rectify"),
    ("promises", 2, 0, 90, "rectify"),
    ("goods", 1, 0, 90, "rectify"),
    ("licence", 1, 0, 90, "suspend"),
    ("personal_data", 1, 0, 1, "rectify"),
    ("own_request", 1, 0, 1, "exit"),
)


def upgrade() -> None:
    _replace_check("document", "documentkind", WITHOUT, WITH)
    op.add_column("merchant", sa.Column("exited_on", sa.Date()))
    op.add_column("merchant", sa.Column("exit_reason", sa.String()))
    op.add_column("merchant", sa.Column("readmit_on", sa.Date()))
    op.create_table(
        "sanction_run",
        *_columns(sa.Date(), "through_on"),
        *_columns(sa.DateTime(timezone=True), "at"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_run")),
    )
    op.create_table(
        "sanction_trigger",
        *_columns(sa.String(), "basis author_name"),
        *_columns(sa.Date(), "first_on"),
        *_columns(sa.DateTime(timezone=True), "at"),
        *_columns(sa.Integer(), "threshold least days"),
        *_columns(BIG, "organisation_id", nullable=True),
        *_columns(sa.Boolean(), "active is_own_rule"),
        _choice(
            "code", "trigger", "overdue settlement_rate false_feedback promises goods licence personal_data own_request"
        ),
        _choice("level", "level", "remind rectify suspend exit"),
        sa.CheckConstraint("days > 0", name=op.f("ck_sanction_trigger_days_positive")),
        sa.CheckConstraint("least >= 0", name=op.f("ck_sanction_trigger_least_not_negative")),
        sa.CheckConstraint("threshold > 0", name=op.f("ck_sanction_trigger_threshold_positive")),
        _key("sanction_trigger", "organisation_id", "organisation"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_trigger")),
    )
    op.create_index(
        "ix_sanction_trigger_organisation_id", "sanction_trigger", ["organisation_id", "code", "first_on"], unique=False
    )
    op.create_table(
        "sanction_proposal",
        *_columns(sa.String(), "reference remark proposed_by"),
        *_columns(sa.String(), "decided_by decision", nullable=True),
        *_columns(sa.Date(), "first_on last_on"),
        *_columns(sa.DateTime(timezone=True), "proposed_at"),
        *_columns(sa.DateTime(timezone=True), "decided_at", nullable=True),
        *_columns(sa.Integer(), "numerator"),
        *_columns(sa.Integer(), "denominator", nullable=True),
        *_columns(BIG, "merchant_id authority_id trigger_id"),
        _choice(
            "code", "trigger", "overdue settlement_rate false_feedback promises goods licence personal_data own_request"
        ),
        _choice("level", "level", "remind rectify suspend exit"),
        _choice("state", "proposalstate", "open declined taken"),
        sa.Column("behind", JSONS, nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_sanction_proposal_decided_at_iff_decided")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_sanction_proposal_period_ordered")),
        sa.UniqueConstraint("reference", name=op.f("uq_sanction_proposal_reference")),
        _key("sanction_proposal", "authority_id", "organisation"),
        _key("sanction_proposal", "merchant_id", "merchant"),
        _key("sanction_proposal", "trigger_id", "sanction_trigger"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_proposal")),
    )
    op.create_index(
        "ix_sanction_proposal_authority_id", "sanction_proposal", ["authority_id", "state", "id"], unique=False
    )
    op.create_index("ix_sanction_proposal_merchant_id", "sanction_proposal", ["merchant_id", "id"], unique=False)
    op.create_index("ix_sanction_proposal_trigger_id", "sanction_proposal", ["trigger_id"], unique=False)
    op.create_index(
        "uq_sanction_proposal_open",
        "sanction_proposal",
        ["merchant_id", "code"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "mystery_visit",
        *_columns(sa.String(), "reference outlet scenario officer second_officer asked answered"),
        *_columns(sa.String(), "rectification recheck", nullable=True),
        *_columns(sa.Date(), "planned_on visited_on rectify_on rechecked_on", nullable=True),
        *_columns(sa.DateTime(timezone=True), "created_at"),
        *_columns(sa.DateTime(timezone=True), "released_at rectified_at closed_at", nullable=True),
        *_columns(sa.Integer(), "lapses"),
        *_columns(BIG, "promisor_id authority_id key_id"),
        *_columns(BIG, "merchant_id", nullable=True),
        _choice("state", "visitstate", "planned visited released rectified closed cancelled"),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state IN ('closed', 'cancelled'))",
            name=op.f("ck_mystery_visit_closed_at_iff_over"),
        ),
        sa.CheckConstraint(
            "(visited_on IS NULL) = (state IN ('planned', 'cancelled'))",
            name=op.f("ck_mystery_visit_visited_on_iff_visited"),
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_mystery_visit_reference")),
        _key("mystery_visit", "authority_id", "organisation"),
        _key("mystery_visit", "key_id", "data_key"),
        _key("mystery_visit", "merchant_id", "merchant"),
        _key("mystery_visit", "promisor_id", "promisor"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mystery_visit")),
    )
    op.create_index("ix_mystery_visit_authority_id", "mystery_visit", ["authority_id", "state", "id"], unique=False)
    op.create_index("ix_mystery_visit_key_id", "mystery_visit", ["key_id"], unique=False)
    op.create_index("ix_mystery_visit_merchant_id", "mystery_visit", ["merchant_id", "id"], unique=False)
    op.create_index("ix_mystery_visit_promisor_id", "mystery_visit", ["promisor_id", "id"], unique=False)
    op.create_table(
        "promise_violation",
        *_columns(sa.String(), "reference source_reference text recorded_by"),
        *_columns(sa.String(), "decided_by decision removal", nullable=True),
        *_columns(sa.Date(), "happened_on"),
        *_columns(sa.DateTime(timezone=True), "recorded_at"),
        *_columns(sa.DateTime(timezone=True), "decided_at", nullable=True),
        *_columns(BIG, "promisor_id authority_id"),
        *_columns(BIG, "merchant_id", nullable=True),
        _choice("source", "violationsource", "return visit feedback officer"),
        _choice("state", "violationstate", "possible confirmed dismissed removal_asked removed"),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (state = 'possible')", name=op.f("ck_promise_violation_decided_at_iff_decided")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_promise_violation_reference")),
        _key("promise_violation", "authority_id", "organisation"),
        _key("promise_violation", "merchant_id", "merchant"),
        _key("promise_violation", "promisor_id", "promisor"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_violation")),
    )
    op.create_index(
        "ix_promise_violation_authority_id", "promise_violation", ["authority_id", "state", "id"], unique=False
    )
    op.create_index(
        "ix_promise_violation_merchant_id", "promise_violation", ["merchant_id", "happened_on"], unique=False
    )
    op.create_index("ix_promise_violation_promisor_id", "promise_violation", ["promisor_id", "id"], unique=False)
    op.create_index("uq_promise_violation_source", "promise_violation", ["source", "source_reference"], unique=True)
    op.create_table(
        "sanction_measure",
        *_columns(sa.String(), "number reason conditions taken_by issuer"),
        *_columns(sa.String(), "confirmed_by", nullable=True),
        *_columns(sa.Date(), "rectify_on earliest_on", nullable=True),
        *_columns(sa.DateTime(timezone=True), "taken_at"),
        *_columns(sa.DateTime(timezone=True), "confirmed_at closed_at", nullable=True),
        *_columns(BIG, "merchant_id authority_id proposal_id document_id key_id"),
        *_columns(BIG, "previous_id", nullable=True),
        _choice("level", "level", "remind rectify suspend exit"),
        _choice("state", "measurestate", "issued received answered closed replaced"),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state IN ('closed', 'replaced'))",
            name=op.f("ck_sanction_measure_closed_at_iff_over"),
        ),
        sa.UniqueConstraint("number", name=op.f("uq_sanction_measure_number")),
        _key("sanction_measure", "authority_id", "organisation"),
        _key("sanction_measure", "document_id", "document"),
        _key("sanction_measure", "key_id", "data_key"),
        _key("sanction_measure", "merchant_id", "merchant"),
        _key("sanction_measure", "previous_id", "sanction_measure"),
        _key("sanction_measure", "proposal_id", "sanction_proposal"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_measure")),
    )
    op.create_index(
        "ix_sanction_measure_authority_id", "sanction_measure", ["authority_id", "state", "id"], unique=False
    )
    op.create_index("ix_sanction_measure_document_id", "sanction_measure", ["document_id"], unique=False)
    op.create_index("ix_sanction_measure_key_id", "sanction_measure", ["key_id"], unique=False)
    op.create_index("ix_sanction_measure_merchant_id", "sanction_measure", ["merchant_id", "id"], unique=False)
    op.create_index("ix_sanction_measure_previous_id", "sanction_measure", ["previous_id"], unique=False)
    op.create_index("ix_sanction_measure_proposal_id", "sanction_measure", ["proposal_id"], unique=False)
    op.create_table(
        "sanction_note",
        *_columns(sa.String(), "text author_name"),
        *_columns(sa.DateTime(timezone=True), "at"),
        *_columns(BIG, "measure_id"),
        *_columns(sa.Boolean(), "by_merchant"),
        sa.Column(
            "kind",
            sa.Enum(
                *["receipt", "statement", "answer", "lifted", "prolonged", "replaced"],
                name="notekind",
                native_enum=False,
                length=60,
            ),
            nullable=False,
        ),
        _key("sanction_note", "measure_id", "sanction_measure"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_note")),
    )
    op.create_index("ix_sanction_note_measure_id", "sanction_note", ["measure_id", "id"], unique=False)
    op.create_table(
        "visit_lapse",
        *_columns(sa.String(), "text"),
        *_columns(BIG, "visit_id"),
        _choice(
            "kind", "lapse", "not_shown told_late refused obstructed shorter refund_late untrained stale_sign other"
        ),
        _key("visit_lapse", "visit_id", "mystery_visit"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_lapse")),
    )
    op.create_index("ix_visit_lapse_visit_id", "visit_lapse", ["visit_id", "id"], unique=False)
    op.create_table(
        "supervision_file",
        *_columns(sa.String(), "reference media_type address"),
        *_columns(sa.DateTime(timezone=True), "at"),
        *_columns(sa.Integer(), "size"),
        *_columns(BIG, "note_id visit_id", nullable=True),
        *_columns(sa.Boolean(), "by_merchant"),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(note_id IS NULL) <> (visit_id IS NULL)", name=op.f("ck_supervision_file_belongs_to_one")),
        sa.UniqueConstraint("reference", name=op.f("uq_supervision_file_reference")),
        _key("supervision_file", "note_id", "sanction_note"),
        _key("supervision_file", "visit_id", "mystery_visit"),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_file")),
    )
    op.create_index("ix_supervision_file_note_id", "supervision_file", ["note_id", "id"], unique=False)
    op.create_index("ix_supervision_file_visit_id", "supervision_file", ["visit_id", "id"], unique=False)
    _fill_triggers()
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        for statement in _guards(table, postgresql=postgresql):
            op.execute(statement)


def downgrade() -> None:
    op.drop_column("merchant", "readmit_on")
    op.drop_column("merchant", "exit_reason")
    op.drop_column("merchant", "exited_on")
    op.drop_index("ix_supervision_file_visit_id", table_name="supervision_file")
    op.drop_index("ix_supervision_file_note_id", table_name="supervision_file")
    op.drop_table("supervision_file")
    op.drop_index("ix_visit_lapse_visit_id", table_name="visit_lapse")
    op.drop_table("visit_lapse")
    op.drop_index("ix_sanction_note_measure_id", table_name="sanction_note")
    op.drop_table("sanction_note")
    op.drop_index("ix_sanction_measure_proposal_id", table_name="sanction_measure")
    op.drop_index("ix_sanction_measure_previous_id", table_name="sanction_measure")
    op.drop_index("ix_sanction_measure_merchant_id", table_name="sanction_measure")
    op.drop_index("ix_sanction_measure_key_id", table_name="sanction_measure")
    op.drop_index("ix_sanction_measure_document_id", table_name="sanction_measure")
    op.drop_index("ix_sanction_measure_authority_id", table_name="sanction_measure")
    op.drop_table("sanction_measure")
    op.drop_index("uq_promise_violation_source", table_name="promise_violation")
    op.drop_index("ix_promise_violation_promisor_id", table_name="promise_violation")
    op.drop_index("ix_promise_violation_merchant_id", table_name="promise_violation")
    op.drop_index("ix_promise_violation_authority_id", table_name="promise_violation")
    op.drop_table("promise_violation")
    op.drop_index("ix_mystery_visit_promisor_id", table_name="mystery_visit")
    op.drop_index("ix_mystery_visit_merchant_id", table_name="mystery_visit")
    op.drop_index("ix_mystery_visit_key_id", table_name="mystery_visit")
    op.drop_index("ix_mystery_visit_authority_id", table_name="mystery_visit")
    op.drop_table("mystery_visit")
    op.drop_index(
        "uq_sanction_proposal_open",
        table_name="sanction_proposal",
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_sanction_proposal_trigger_id", table_name="sanction_proposal")
    op.drop_index("ix_sanction_proposal_merchant_id", table_name="sanction_proposal")
    op.drop_index("ix_sanction_proposal_authority_id", table_name="sanction_proposal")
    op.drop_table("sanction_proposal")
    op.drop_index("ix_sanction_trigger_organisation_id", table_name="sanction_trigger")
    op.drop_table("sanction_trigger")
    op.drop_table("sanction_run")
    op.execute("DELETE FROM document WHERE kind = 'measure'")
    _replace_check("document", "documentkind", WITH, WITHOUT)


def _columns(kind: sa.types.TypeEngine[object], names: str, *, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names.split()]


def _choice(column: str, name: str, values: str) -> sa.Column[object]:
    kind = sa.Enum(*values.split(), name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=False)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _fill_triggers() -> None:
    """As the house proposes them until an authority sets its own; here, so that every installation has them."""
    table = sa.table(
        "sanction_trigger",
        sa.column("code", sa.String()),
        sa.column("threshold", sa.Integer()),
        sa.column("least", sa.Integer()),
        sa.column("days", sa.Integer()),
        sa.column("level", sa.String()),
        sa.column("active", sa.Boolean()),
        sa.column("first_on", sa.Date()),
        sa.column("basis", sa.String()),
        sa.column("is_own_rule", sa.Boolean()),
        sa.column("author_name", sa.String()),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    op.bulk_insert(
        table,
        [
            {
                "code": code,
                "threshold": threshold,
                "least": least,
                "days": days,
                "level": level,
                "active": True,
                "first_on": SINCE,
                "basis": OWN_DEFAULT,
                "is_own_rule": True,
                "author_name": "",
                "at": datetime(2026, 11, 22, tzinfo=UTC),
            }
            for code, threshold, least, days, level in DEFAULTS
        ],
    )


def _guards(table: str, *, postgresql: bool) -> list[str]:
    if postgresql:
        return [
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        ]
    return [
        f"CREATE TRIGGER {table}_no_{word.lower()} BEFORE {word} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {word} on {table}'); END"
        for word in ("UPDATE", "DELETE")
    ]


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
