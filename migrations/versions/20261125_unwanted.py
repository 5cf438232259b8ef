"""a row knows that its deletion was asked for; an address's zone is told by its network

Not by batches: SQLite would make the tables anew, and with the old ones go the rows that refer to
them.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261125"
down_revision = "20261124"

TABLES = ("network", "function")


def upgrade() -> None:
    for table in TABLES:
        column = sa.Column("unwanted", sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column(table, column)
    op.drop_column("address", "availability_zone")


def downgrade() -> None:
    op.add_column("address", sa.Column("availability_zone", sa.String()))
    for table in TABLES:
        op.drop_column(table, "unwanted")
