"""Keep requests that somebody saves to try a function with again."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_saved_requests"
down_revision = "20261128_revisions"


def upgrade() -> None:
    op.create_table(
        "saved_request",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column(
            "function_id",
            sa.String,
            sa.ForeignKey("function.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("function_id", "name"),
    )
    op.create_index("ix_saved_request_function_id", "saved_request", ["function_id"])


def downgrade() -> None:
    op.drop_table("saved_request")
