"""replicas take turns where AWS throttles"""

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


def downgrade() -> None:
    op.drop_table("throttle")
