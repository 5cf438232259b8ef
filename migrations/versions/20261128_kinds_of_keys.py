"""Say of each key where it is sent: so far each one as a bearer token."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_kinds_of_keys"
down_revision = "20261128_callers"


def upgrade() -> None:
    sent_by = sa.Column("sent_by", sa.String, nullable=False, server_default="bearer")
    op.add_column("key", sent_by)
    op.add_column("key", sa.Column("sent_as", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("key", "sent_as")
    op.drop_column("key", "sent_by")
