"""Callers of functions, and a stage and path of a function's own."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_callers"
down_revision = "20261128_saved_requests"


def upgrade() -> None:
    op.create_table(
        "caller",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("function_id", sa.String, sa.ForeignKey("function.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("burst", sa.Integer, nullable=False),
        sa.Column("quota", sa.Integer, nullable=False),
        sa.Column("usage_plan_id", sa.String, nullable=False),
        sa.Column("api_key_id", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("function_id", "name", name="uq_caller_name"),
    )
    op.create_index("ix_caller_function_id", "caller", ["function_id"])
    op.add_column("function", sa.Column("stage", sa.String, nullable=False, server_default="live"))
    op.add_column("function", sa.Column("path", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("function", "path")
    op.drop_column("function", "stage")
    op.drop_table("caller")
