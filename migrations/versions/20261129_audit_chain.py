"""Say of each audit event from where it was asked and what came of it, and chain them by hashes.

Those that exist are chained in their order. What is hashed is written out here once more, because
a migration outlives the model.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261129_audit_chain"
down_revision = "20261129_token_scopes"

ADDED = ("role", "client_address", "request_id", "code", "previous_hash", "hash")
INDEXES = {
    "actor": ["actor", "id"],
    "action": ["action", "id"],
    "noun_name": ["noun", "name", "id"],
    "name": ["name", "id"],
    "result": ["result", "id"],
    "at": ["at"],
}
GENESIS = "0" * 64
AT_ONCE = 500


def upgrade() -> None:
    for name in ADDED:
        op.add_column("audit_event", sa.Column(name, sa.String, nullable=False, server_default=""))
    result = sa.Column("result", sa.String, nullable=False, server_default="done")
    op.add_column("audit_event", result)
    for name, columns in INDEXES.items():
        op.create_index(f"ix_audit_event_{name}", "audit_event", columns)
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("last_id", sa.Integer, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    connection = op.get_bind()
    last_id, last_hash = _chain(connection)
    connection.execute(head.insert().values(id=1, last_id=last_id, hash=last_hash))


def downgrade() -> None:
    op.drop_table("audit_head")
    for name in INDEXES:
        op.drop_index(f"ix_audit_event_{name}", "audit_event")
    for name in (*ADDED, "result"):
        op.drop_column("audit_event", name)


def _chain(connection: sa.Connection) -> tuple[int, str]:
    """The id and the hash of the last event."""
    events = sa.Table("audit_event", sa.MetaData(), autoload_with=connection)
    failures = events.c.action == "fail to sign in"
    connection.execute(events.update().where(failures).values(result="refused"))
    last_id, last_hash = 0, GENESIS
    following = events.select().order_by(events.c.id).limit(AT_ONCE)
    while rows := connection.execute(following.where(events.c.id > last_id)).mappings().all():
        for row in rows:
            last_id, chained = row["id"], {"previous_hash": last_hash}
            last_hash = chained["hash"] = _digest({**row, **chained})
            connection.execute(events.update().where(events.c.id == last_id).values(chained))
    return last_id, last_hash


def _digest(row: dict[str, Any]) -> str:
    at: datetime = row["at"]
    utc = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    hashed = {name: value for name, value in row.items() if name != "hash"}
    hashed["at"] = utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
