"""A bearer token may be limited to some areas of the API; those that are there are for all.

Earlier versions stored any text as a role. What is none of the three becomes the lowest.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_token_scopes"
down_revision = "20261128_former_keys"

ROLES = ("viewer", "operator", "admin")


def upgrade() -> None:
    column = sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("access_token", column)
    for name in ("user", "access_token"):
        table = sa.table(name, sa.column("role"))
        unknown = table.c.role.not_in(ROLES)
        op.execute(table.update().where(unknown).values(role=ROLES[0]))


def downgrade() -> None:
    op.drop_column("access_token", "scopes")
