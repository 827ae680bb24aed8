"""Three internal levels at a merchant, and agreements proved on paper.

The case is a big table: its new columns are plain and nullable, added in place with their promises. Only the small
table of call-backs is made again, because two of its lists of values grow (docs/decisions/0011).
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LEVELS = ("agent", "supervisor", "principal")
OCCASIONS = ("silence", "rating")
RESULTS = ("fulfilled", "not_received", "complained", "unreached")
LIMITS = "settlement_sending_limits"


def upgrade() -> None:
    big = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    moment = op.get_bind().dialect.type_compiler_instance.process(sa.DateTime(timezone=True))
    for column in (
        f"raised_to VARCHAR(40) CONSTRAINT ck_dispute_case_level CHECK (raised_to IN {LEVELS})",
        f"raised_person_id {big} CONSTRAINT fk_dispute_case_raised_person_id_person REFERENCES person (id)",
        f"raised_by_id {big} CONSTRAINT fk_dispute_case_raised_by_id_person REFERENCES person (id)",
        f"raised_at {moment}",
        f"unverified_at {moment}",
    ):
        op.execute(f"ALTER TABLE dispute_case ADD COLUMN {column}")
    op.execute(
        f"ALTER TABLE settlement_agreement ADD COLUMN proof_id {big} "
        "CONSTRAINT fk_settlement_agreement_proof_id_evidence REFERENCES evidence (id)"
    )
    op.create_index("ix_settlement_agreement_proof_id", "settlement_agreement", ["proof_id"])
    _partial("ix_dispute_case_merchant_raised", ["merchant_id", "raised_to", "due_at", "id"], "raised_to IS NOT NULL")
    _partial("ix_dispute_case_raised_person_id", ["raised_person_id"], "raised_person_id IS NOT NULL")
    _partial("ix_dispute_case_raised_by_id", ["raised_by_id"], "raised_by_id IS NOT NULL")
    _partial("ix_dispute_case_unverified", ["authority_id", "concluded_at"], "unverified_at IS NOT NULL")
    _make_substitutions()
    _make_limits()
    _make_drafts()
    _make_callbacks((*OCCASIONS, "unverified"), (*RESULTS, "confirmed", "disowned"))


def downgrade() -> None:
    op.execute("DELETE FROM settlement_callback WHERE occasion = 'unverified'")
    _make_callbacks(OCCASIONS, RESULTS)
    op.drop_table("settlement_draft")
    _unguard_limits()
    op.drop_table(LIMITS)
    op.drop_table("case_substitution")
    op.drop_index("ix_settlement_agreement_proof_id", "settlement_agreement")
    op.drop_column("settlement_agreement", "proof_id")
    for index in ("merchant_raised", "raised_person_id", "raised_by_id", "unverified"):
        op.drop_index(f"ix_dispute_case_{index}", "dispute_case")
    for column in ("unverified_at", "raised_at", "raised_by_id", "raised_person_id", "raised_to"):
        op.execute(f"ALTER TABLE dispute_case DROP COLUMN {column}")


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "dispute_case", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _to_person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}_person"))


def _make_substitutions() -> None:
    table = "case_substitution"
    op.create_table(
        table,
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("organisation_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("substitute_id", BIG, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_case_substitution_ends_after_start")),
        sa.CheckConstraint("person_id <> substitute_id", name=op.f("ck_case_substitution_somebody_else")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_case_substitution_organisation_id_organisation")
        ),
        _to_person(table, "person_id"),
        _to_person(table, "substitute_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_substitution")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_substitution_reference")),
    )
    op.create_index("ix_case_substitution_organisation_id", table, ["organisation_id", "id"])
    op.create_index("ix_case_substitution_person_id", table, ["person_id", "ends_on"])
    op.create_index("ix_case_substitution_substitute_id", table, ["substitute_id", "ends_on"])


def _make_limits() -> None:
    op.create_table(
        LIMITS,
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("agent_limit", sa.BigInteger(), nullable=True),
        sa.Column("supervisor_limit", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", BIG, nullable=True),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("agent_limit IS NULL OR agent_limit >= 0", name=op.f(f"ck_{LIMITS}_agent_not_negative")),
        sa.CheckConstraint(
            "supervisor_limit IS NULL OR (agent_limit IS NOT NULL AND supervisor_limit >= agent_limit)",
            name=op.f(f"ck_{LIMITS}_supervisor_not_below"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f(f"fk_{LIMITS}_merchant_id_merchant")),
        _to_person(LIMITS, "set_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{LIMITS}")),
    )
    op.create_index(f"ix_{LIMITS}_merchant_id", LIMITS, ["merchant_id", "id"])
    op.create_index(f"ix_{LIMITS}_set_by_id", LIMITS, ["set_by_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {LIMITS}_append_only BEFORE UPDATE OR DELETE ON {LIMITS} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for word in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {LIMITS}_no_{word.lower()} BEFORE {word} ON {LIMITS} "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: {word} on {LIMITS}'); END"
        )


def _unguard_limits() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {LIMITS}_append_only ON {LIMITS}")
        return
    op.execute(f"DROP TRIGGER {LIMITS}_no_update")
    op.execute(f"DROP TRIGGER {LIMITS}_no_delete")


def _make_drafts() -> None:
    table = "settlement_draft"
    op.create_table(
        table,
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("kind", _words("draftkind", "offer", "acceptance"), nullable=False),
        sa.Column("needs", _words("level", *LEVELS), nullable=False),
        sa.Column("outlay", sa.BigInteger(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("counter_digest", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", BIG, nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column(
            "state", _words("draftstate", "waiting", "sent", "given_back", "taken_back", "dropped"), nullable=False
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f(f"ck_{table}_decided_iff_over")),
        sa.CheckConstraint(
            "(kind = 'acceptance') = (counter_digest IS NOT NULL)", name=op.f(f"ck_{table}_counter_iff_acceptance")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["dispute_case.id"], name=op.f(f"fk_{table}_case_id_dispute_case")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f(f"fk_{table}_merchant_id_merchant")),
        _to_person(table, "made_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_case_id", table, ["case_id", "id"])
    op.create_index(f"ix_{table}_merchant_id", table, ["merchant_id"])
    op.create_index(f"ix_{table}_made_by_id", table, ["made_by_id"])
    op.create_index(
        f"uq_{table}_one_waiting",
        table,
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )


def _make_callbacks(occasions: tuple[str, ...], results: tuple[str, ...]) -> None:
    """Let the lists of values be these: on PostgreSQL in place, on SQLite by a table that takes the old one's place."""
    table = "settlement_callback"
    if op.get_bind().dialect.name == "postgresql":
        for column, values in (("occasion", occasions), ("result", results)):
            name = f"ck_{table}_callback{column}"
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN {values})")
        return
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    for index in ("ix_settlement_callback_case_id", "ix_settlement_callback_open", "uq_settlement_callback_once"):
        op.drop_index(index, f"{table}_before")
    op.create_table(
        table,
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("agreement_id", BIG, nullable=False),
        sa.Column("occasion", _words("callbackoccasion", *occasions), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", _words("callbackresult", *results), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_by", sa.String(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("done_at IS NULL OR result IS NOT NULL", name=op.f(f"ck_{table}_done_with_result")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["settlement_agreement.id"], name=op.f(f"fk_{table}_agreement_id_settlement_agreement")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["dispute_case.id"], name=op.f(f"fk_{table}_case_id_dispute_case")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("reference", name=op.f(f"uq_{table}_reference")),
    )
    names = "reference, case_id, agreement_id, occasion, added_at, attempts, result, note_sealed, tried_at, tried_by, done_at, id"
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_before")
    op.drop_table(f"{table}_before")
    op.create_index("ix_settlement_callback_case_id", table, ["case_id"])
    op.create_index("ix_settlement_callback_open", table, ["id"], sqlite_where=sa.text("done_at IS NULL"))
    op.create_index("uq_settlement_callback_once", table, ["agreement_id", "occasion"], unique=True)
