"""Keep who comes from a provider, and the sign-ins that are on their way there."""

import sqlalchemy as sa
from alembic import op

revision = "20261201_provider"
down_revision = "20261201_notices"


def upgrade() -> None:
    op.add_column("user", sa.Column("issuer", sa.String))
    op.add_column("user", sa.Column("subject", sa.String))
    op.create_index("ix_user_of_provider", "user", ["issuer", "subject"], unique=True)
    op.create_table(
        "begun_sign_in",
        sa.Column("token_hash", sa.String, primary_key=True),
        sa.Column("next_path", sa.String, nullable=False),
        sa.Column("session_id", sa.String),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_begun_sign_in_created_at", "begun_sign_in", ["created_at"])


def downgrade() -> None:
    op.drop_table("begun_sign_in")
    op.drop_index("ix_user_of_provider", "user")
    with op.batch_alter_table("user") as batch:
        batch.drop_column("subject")
        batch.drop_column("issuer")
