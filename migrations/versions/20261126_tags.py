"""Tags of a network, which everything made for it gets."""

import sqlalchemy as sa
from alembic import op

revision = "20261126"
down_revision = "20261125b"


def upgrade() -> None:
    op.add_column("network", sa.Column("tags", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("network", "tags")
