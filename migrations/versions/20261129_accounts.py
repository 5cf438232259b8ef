"""Accounts; what there is belongs to the dashboard's own, which has no row."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_accounts"
down_revision = "20261129_sessions"

OWNED = ("network", "address", "key", "function")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("role_arn", sa.String, nullable=False),
        sa.Column("external_id", sa.String, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table in OWNED:  # alembic's own way adds no reference in SQLite
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN account_id VARCHAR REFERENCES account (id)')
        op.create_index(f"ix_{table}_account_id", table, ["account_id"])


def downgrade() -> None:
    for table in OWNED:
        op.drop_index(f"ix_{table}_account_id", table)
        op.drop_column(table, "account_id")
    op.drop_table("account")
