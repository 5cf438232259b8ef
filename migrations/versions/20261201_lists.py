"""Indexes by which every list reads one page; the ranges that keys allow, and when to look at what.

Texts that lists are ordered by are compared character by character on PostgreSQL too, as SQLite
does: only then an index finds what begins with a text.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261201_lists"
down_revision = "20261201_provider"

INDEXES = {
    "network": {
        "ix_network_created_at": ["created_at"],
        "ix_network_status": ["status", "name"],
        "ix_network_region": ["region", "name"],
        "ix_network_region_status": ["region", "status", "name"],
        "ix_network_account": ["account_id", "name"],
        "ix_network_site": ["account_id", "region", "name"],
        "ix_network_look_at": ["account_id", "region", "look_at"],
    },
    "function": {
        "ix_function_created_at": ["created_at"],
        "ix_function_status": ["status", "name"],
        "ix_function_network": ["network_id", "name"],
        "ix_function_access": ["access", "name"],
        "ix_function_look_at": ["account_id", "look_at"],
    },
    "key": {
        "ix_key_account": ["account_id", "name"],
        "ix_key_status": ["status", "name"],
        "ix_key_fingerprint": ["fingerprint"],
        "ix_key_secret_arn": ["secret_arn"],
    },
    "account": {"ix_account_status": ["status", "name"]},
    "address": {
        "ix_address_age": ["created_at", "id"],
        "ix_address_status": ["status", "created_at", "id"],
        "ix_address_region": ["region", "created_at", "id"],
        "ix_address_region_status": ["region", "status", "created_at", "id"],
        "ix_address_site": ["account_id", "region", "id"],
        "ix_address_name": ["name", "id"],
        "ix_address_ip_number": ["ip_number"],
    },
    "proof": {"ix_proof_newest": ["network_id", "availability_zone", "at"]},
    "snapshot": {
        "ix_snapshot_newest": ["function_id", "ok", "fetched_at"],
        "ix_snapshot_of_function": ["function_id", "fetched_at"],
        "ix_snapshot_ok": ["ok", "fetched_at"],
    },
    "access_token": {"ix_access_token_kind": ["kind", "name", "id"]},
    "key_range": {
        "ix_key_range_key_id": ["key_id"],
        "ix_key_range_first": ["prefix", "first"],
    },
}
PARTIAL = {
    "ix_network_told": ("network", ["name"], "reason <> ''"),
    "ix_function_told": ("function", ["name"], "reason <> ''"),
    "ix_function_scheduled": ("function", ["account_id", "look_at"], "schedule IS NOT NULL"),
    "ix_proof_broken": ("proof", ["at"], "seen_ip IS NULL OR seen_ip <> expected_ip"),
}
REPLACED = {
    "ix_function_network_id": ("function", ["network_id"]),
    "ix_proof_network_id": ("proof", ["network_id"]),
    "ix_snapshot_function_id": ("snapshot", ["function_id"]),
}
"""Others begin with the same column now."""
ORDERED = (
    ("network", "name"),
    ("function", "name"),
    ("key", "name"),
    ("account", "name"),
    ("address", "name"),
    ("address", "public_ip"),
)


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    for table in ("network", "function"):
        op.add_column(table, sa.Column("look_at", at))
        rows = sa.table(table, sa.column("look_at", at))
        op.execute(sa.update(rows).values(look_at=sa.func.current_timestamp()))
    op.add_column("address", sa.Column("ip_number", sa.BigInteger))
    op.create_table(
        "key_range",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("prefix", sa.Integer, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(("key_id",), ("key.id",), ondelete="CASCADE"),
    )
    _number_addresses()
    _keep_ranges()
    _compare("C")
    for name, (table, _) in REPLACED.items():
        op.drop_index(name, table)
    op.drop_index("ix_address_public_ip", "address")
    op.create_index("ix_address_public_ip", "address", ["public_ip", "id"])
    for table, indexes in INDEXES.items():
        for name, columns in indexes.items():
            op.create_index(name, table, columns)
    for name, (table, columns, where) in PARTIAL.items():
        condition = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for name, (table, _, _) in PARTIAL.items():
        op.drop_index(name, table)
    for table, indexes in INDEXES.items():
        for name in indexes:
            op.drop_index(name, table)
    op.drop_index("ix_address_public_ip", "address")
    op.create_index("ix_address_public_ip", "address", ["public_ip"])
    for name, (table, columns) in REPLACED.items():
        op.create_index(name, table, columns)
    _compare("default")
    op.drop_table("key_range")
    op.drop_column("address", "ip_number")
    for table in ("network", "function"):
        op.drop_column(table, "look_at")


def _number_addresses() -> None:
    connection = op.get_bind()
    rows = sa.table("address", *map(sa.column, ("id", "public_ip", "ip_number")))
    for row in connection.execute(sa.select(rows).where(rows.c.public_ip.is_not(None))).all():
        number = int(IPv4Address(row.public_ip))
        connection.execute(sa.update(rows).where(rows.c.id == row.id).values(ip_number=number))


def _keep_ranges() -> None:
    connection = op.get_bind()
    keys = sa.table("key", sa.column("id"), sa.column("claims", sa.JSON))
    columns = ("key_id", "prefix", "first", "last")
    ranges = sa.table("key_range", *map(sa.column, columns))
    for row in connection.execute(sa.select(keys)).all():
        for network in sorted(set(_networks(row.claims))):
            first, last = int(network.network_address), int(network.broadcast_address)
            values = (row.id, network.prefixlen, first, last)
            connection.execute(sa.insert(ranges).values(dict(zip(columns, values, strict=True))))


def _networks(claims: dict[str, Any]) -> Iterator[IPv4Network]:
    for cidr in claims.get("cidrs", []):
        try:
            yield IPv4Network(cidr.strip(), strict=False)
        except ValueError:
            continue


def _compare(collation: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in ORDERED:
            op.execute(
                f'ALTER TABLE "{table}" ALTER COLUMN {column} TYPE VARCHAR COLLATE "{collation}"'
            )
