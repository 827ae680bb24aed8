"""The provable books: ledgers, entries, nodes, checkpoints, openings.

Entries, nodes and checkpoints are evidence: triggers refuse UPDATE and DELETE on both databases. Openings are not,
for erasing them is the point of having them apart.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
APPEND_ONLY = ("ledger_entry", "ledger_node", "ledger_checkpoint")
TABLES = ("ledger", "ledger_entry", "ledger_node", "ledger_checkpoint", "ledger_opening")


def upgrade() -> None:
    _ledger()
    _entry()
    _node()
    _checkpoint()
    _opening()
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        for statement in _guards(table, postgresql=postgresql):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):  # its triggers go with a table
        op.drop_table(table)


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("amendments", sa.Integer(), nullable=False),
        sa.Column("disposals", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("signed_size", sa.Integer(), nullable=True),
        sa.Column("signed_at", MOMENT, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "size = complaints + returns + amendments + disposals", name=op.f("ck_ledger_numbers_add_up")
        ),
        sa.CheckConstraint("signed_size IS NULL OR signed_size <= size", name=op.f("ck_ledger_signed_within")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_ledger_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("merchant_id", name=op.f("uq_ledger_merchant_id")),
        sa.UniqueConstraint("origin", name=op.f("uq_ledger_origin")),
    )


def _entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amends_id", BIG, nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("outlet_id", BIG, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("goods", sa.String(), nullable=True),
        sa.Column("label_number", sa.String(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("author_id", BIG, nullable=True),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_ledger_entry_seq_from_one")),
        sa.CheckConstraint("number > 0", name=op.f("ck_ledger_entry_number_from_one")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_ledger_entry_ledger_id_ledger")),
        sa.ForeignKeyConstraint(
            ["amends_id"], ["ledger_entry.id"], name=op.f("fk_ledger_entry_amends_id_ledger_entry")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_ledger_entry_outlet_id_outlet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    op.create_index("uq_ledger_entry_seq", "ledger_entry", ["ledger_id", "seq"], unique=True)
    op.create_index("uq_ledger_entry_number", "ledger_entry", ["ledger_id", "kind", "number"], unique=True)
    op.create_index("ix_ledger_entry_occurred_on", "ledger_entry", ["ledger_id", "occurred_on", "seq"])
    op.create_index("ix_ledger_entry_leaf_hash", "ledger_entry", ["ledger_id", "leaf_hash"])
    for name, columns in (
        ("ix_ledger_entry_amends_id", ["amends_id", "seq"]),
        ("ix_ledger_entry_reference", ["reference", "ledger_id"]),
    ):
        _where_set(name, columns, columns[0])
    _where_set("ix_ledger_entry_label", ["outlet_id", "label_number"], "label_number")


def _where_set(name: str, columns: list[str], column: str) -> None:
    condition = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, "ledger_entry", columns, postgresql_where=condition, sqlite_where=condition)


def _node() -> None:
    op.create_table(
        "ledger_node",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("level >= 1", name=op.f("ck_ledger_node_above_the_leaves")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_ledger_node_ledger_id_ledger")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_node")),
    )
    op.create_index("uq_ledger_node_place", "ledger_node", ["ledger_id", "level", "position"], unique=True)


def _checkpoint() -> None:
    op.create_table(
        "ledger_checkpoint",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_ledger_checkpoint_size_not_negative")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_ledger_checkpoint_ledger_id_ledger")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_index("uq_ledger_checkpoint_key", "ledger_checkpoint", ["ledger_id", "size", "key_id"], unique=True)


def _opening() -> None:
    op.create_table(
        "ledger_opening",
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consumer_mask", sa.String(), nullable=False),
        sa.Column("phone_mask", sa.String(), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(sealed IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_ledger_opening_sealed_until_erased")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_ledger_opening_entry_id_ledger_entry")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_ledger_opening_key_id_data_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_opening")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_opening_entry_id")),
    )
    op.create_index("ix_ledger_opening_key_id", "ledger_opening", ["key_id"])


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
