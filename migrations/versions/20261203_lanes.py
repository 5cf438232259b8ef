"""Rows of the background that can wait are in a lane of their own, which an index finds."""

import sqlalchemy as sa
from alembic import op

revision = "20261203_lanes"
down_revision = "20261202_takeovers"


def upgrade() -> None:
    made = sa.Column("can_wait", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("lease", made)
    rows = sa.table("lease", sa.column("resource"), sa.column("can_wait", sa.Boolean()))
    proofs = rows.c.resource.startswith("proof:")
    op.execute(sa.update(rows).where(proofs).values(can_wait=True))
    op.create_index("ix_lease_lane", "lease", ["can_wait", "due_at"])
    _compare("C")


def downgrade() -> None:
    _compare("default")
    op.drop_index("ix_lease_lane", "lease")
    op.drop_column("lease", "can_wait")


def _compare(collation: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f'ALTER TABLE lease ALTER COLUMN resource TYPE VARCHAR COLLATE "{collation}"')
