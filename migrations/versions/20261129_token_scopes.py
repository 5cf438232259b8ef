"""A bearer token may be limited to some areas of the API; those that are there are for all."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_token_scopes"
down_revision = "20261128_former_keys"


def upgrade() -> None:
    column = sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("access_token", column)


def downgrade() -> None:
    op.drop_column("access_token", "scopes")
