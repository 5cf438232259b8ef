"""Keep when and where a session is used, and people who have not chosen a password yet.

A session that is open goes on: until the time that it had, or until it is idle.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_sessions"
down_revision = "20261129_audit_chain"

TIMES = ("ends_at", "last_used_at", "authenticated_at")


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.add_column("user", sa.Column("last_seen_at", at))
    for name in TIMES:
        op.add_column("access_token", sa.Column(name, at))
    for name in ("client", "user_agent"):
        op.add_column("access_token", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.execute(
        "UPDATE access_token SET ends_at = expires_at, authenticated_at = created_at "
        "WHERE kind = 'session'"
    )
    op.create_index("ix_access_token_user_id", "access_token", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_access_token_user_id", "access_token")
    for name in ("user_agent", "client", *reversed(TIMES)):
        op.drop_column("access_token", name)
    op.drop_column("user", "last_seen_at")
