"""Whether a lease was taken over from a process that did not give it back."""

import sqlalchemy as sa
from alembic import op

revision = "20261202_takeovers"
down_revision = "20261201_lists"


def upgrade() -> None:
    made = sa.Column("taken_over", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("lease", made)


def downgrade() -> None:
    op.drop_column("lease", "taken_over")
