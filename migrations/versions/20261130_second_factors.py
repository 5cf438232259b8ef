"""Keep second factors of people: the secrets of authenticator apps, and recovery codes."""

import sqlalchemy as sa
from alembic import op

revision = "20261130_second_factors"
down_revision = "20261129_accounts"

USER = ("user.id",)


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    column = sa.Column("has_second_factor", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("user", column)
    op.create_table(
        "totp",
        sa.Column("user_id", sa.String, primary_key=True),
        sa.Column("sealed", sa.String, nullable=False),
        sa.Column("created_at", at, nullable=False),
        sa.Column("confirmed_at", at),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(("user_id",), USER, ondelete="CASCADE"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, nullable=False),
        sa.ForeignKeyConstraint(("user_id",), USER, ondelete="CASCADE"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])


def downgrade() -> None:
    op.drop_table("recovery_code")
    op.drop_table("totp")
    op.drop_column("user", "has_second_factor")
