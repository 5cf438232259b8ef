"""Keep the zones that were chosen for a network, from before its stack exists."""

import sqlalchemy as sa
from alembic import op

revision = "20261126c"
down_revision = "20261126b"


def upgrade() -> None:
    op.add_column("network", sa.Column("zones", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("network", "zones")
