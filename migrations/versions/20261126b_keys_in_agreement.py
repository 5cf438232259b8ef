"""Give keys a status, and each version of a key what it allows, so that it can be current again."""

import sqlalchemy as sa
from alembic import op

revision = "20261126b"
down_revision = "20261126"

CLAIMS_OF_CURRENT = """
    UPDATE key_version SET claims = (SELECT claims FROM "key" WHERE id = key_id)
    WHERE stage = 'AWSCURRENT'
"""


def upgrade() -> None:
    op.add_column("key", sa.Column("status", sa.String(16), nullable=False, server_default="ready"))
    op.add_column(
        "key_version", sa.Column("claims", sa.JSON(), nullable=False, server_default="{}")
    )
    op.execute(CLAIMS_OF_CURRENT)


def downgrade() -> None:
    op.drop_column("key_version", "claims")
    op.drop_column("key", "status")
