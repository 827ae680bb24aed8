"""Officers' lists of a million cases: each order by an index of its own.

What is open burns before what is over, so the order by due date alone serves the open cases and all of them.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

CASE = "dispute_case"


def upgrade() -> None:
    op.drop_index("ix_dispute_case_authority_due", table_name=CASE)
    op.drop_index("ix_dispute_case_open_due", table_name=CASE)
    op.create_index("ix_dispute_case_authority_due", CASE, ["authority_id", "due_at", "id", "is_open", "state"])
    op.create_index("ix_dispute_case_due", CASE, ["due_at", "id", "is_open"])
    op.create_index("ix_dispute_case_authority_registered", CASE, ["authority_id", "registered_at", "id"])
    op.create_index("ix_dispute_case_authority_state_new", CASE, ["authority_id", "state", "registered_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_dispute_case_authority_state_new", table_name=CASE)
    op.drop_index("ix_dispute_case_authority_registered", table_name=CASE)
    op.drop_index("ix_dispute_case_due", table_name=CASE)
    op.drop_index("ix_dispute_case_authority_due", table_name=CASE)
    op.create_index("ix_dispute_case_open_due", CASE, ["is_open", "due_at", "id"])
    op.create_index("ix_dispute_case_authority_due", CASE, ["authority_id", "is_open", "due_at", "id"])
