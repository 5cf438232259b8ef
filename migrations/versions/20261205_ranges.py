"""Where the range of each network begins, by which free ranges are found."""

from contextlib import suppress
from ipaddress import IPv4Network

import sqlalchemy as sa
from alembic import op

revision = "20261205_ranges"
down_revision = "20261204_uses"


def upgrade() -> None:
    op.add_column("network", sa.Column("range_start", sa.BigInteger))
    rows = sa.table("network", *map(sa.column, ("id", "cidr", "range_start")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(rows)).all():
        with suppress(ValueError):
            start = int(IPv4Network(row.cidr, strict=False).network_address)
            connection.execute(sa.update(rows).where(rows.c.id == row.id).values(range_start=start))
    op.create_index("ix_network_range", "network", ["account_id", "region", "range_start"])


def downgrade() -> None:
    op.drop_index("ix_network_range", "network")
    with op.batch_alter_table("network") as batch:
        batch.drop_column("range_start")
