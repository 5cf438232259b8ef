"""Remember whose the API keys were that lines of the request log still name."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_former_keys"
down_revision = "20261128_kinds_of_keys"


def upgrade() -> None:
    function = sa.ForeignKey("function.id", ondelete="CASCADE")
    op.create_table(
        "former_key",
        sa.Column("api_key_id", sa.String, primary_key=True),
        sa.Column("function_id", sa.String, function, nullable=False),
        sa.Column("caller", sa.String, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_former_key_function_id", "former_key", ["function_id"])


def downgrade() -> None:
    op.drop_table("former_key")
