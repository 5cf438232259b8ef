"""a row knows that its deletion was asked for"""

import sqlalchemy as sa
from alembic import op

revision = "20261125"
down_revision = "20261124"


def upgrade() -> None:
    for table in ("network", "function"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("unwanted", sa.Boolean(), server_default="0"))
        with op.batch_alter_table(table) as batch:
            batch.alter_column("unwanted", nullable=False, server_default=None)


def downgrade() -> None:
    for table in ("network", "function"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("unwanted")
