"""Keep passkeys of people."""

import sqlalchemy as sa
from alembic import op

revision = "20261130_passkeys"
down_revision = "20261130_second_factors"


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.create_table(
        "passkey",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("credential_id", sa.String, nullable=False, unique=True),
        sa.Column("public_key", sa.String, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("challenge_at", at, nullable=False),
        sa.Column("created_at", at, nullable=False),
        sa.Column("last_used_at", at),
        sa.ForeignKeyConstraint(("user_id",), ("user.id",), ondelete="CASCADE"),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])


def downgrade() -> None:
    op.drop_table("passkey")
