"""Let replicas take turns where AWS throttles; count writes, so that no address is given twice."""

import sqlalchemy as sa
from alembic import op

revision = "20261125b"
down_revision = "20261125"


def upgrade() -> None:
    op.create_table(
        "throttle",
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("slow_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("region"),
    )
    op.add_column("address", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("address", "version")
    op.drop_table("throttle")
