"""Give addresses names instead of zones, which follow from the network; mark rows to be deleted.

Not in Alembic's batch mode: SQLite would make the tables anew, and dropping the old ones would
delete the rows that refer to them.
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
        op.execute(f"UPDATE {table} SET unwanted = true WHERE status = 'deleting'")  # noqa: S608
    op.add_column("address", sa.Column("name", sa.String(), nullable=False, server_default=""))
    op.drop_column("address", "availability_zone")


def downgrade() -> None:
    op.add_column("address", sa.Column("availability_zone", sa.String()))
    op.drop_column("address", "name")
    for table in TABLES:
        op.drop_column(table, "unwanted")
