"""Run the migrations, with the connection that `portal.migrate` hands over."""

from alembic import context

from portal.schema import METADATA, SEARCH_TABLES


def include(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave the search tables (and FTS5's shadow tables) out of comparisons: they differ between the databases."""
    return not (kind == "table" and name is not None and name.startswith(SEARCH_TABLES))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    include_object=include,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
