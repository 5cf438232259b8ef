"""Count wrong passwords and tokens, keep long forms."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_pages"
down_revision = "20261126c"


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
    )
    op.create_index("ix_guesses_last_at", "guesses", ["last_at"])
    op.create_table(
        "draft",
        sa.Column("token_hash", sa.String, primary_key=True),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_draft_created_at", "draft", ["created_at"])


def downgrade() -> None:
    op.drop_table("draft")
    op.drop_table("guesses")
