"""Revisions of functions, with memory, time-out and schedule; what is there becomes revision 1.

The code of a function that is there is not known here: its revision has none, and it is deployed
again with what its template has then.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "20261128_revisions"
down_revision = "20261127_pages"

MEMORY_MB, TIMEOUT_S = 256, 28
"""Of the one template that there was."""
UNKNOWN = (
    "reason",
    "actor",
    "template_version",
    "code",
    "code_hash",
    "code_key",
    "key_version",
)
NEXT = ("next_network_id", "next_key_id")
COPIED = ("template", "network_id", "key_id", "settings", "access", "cors_origins", "created_at")


def upgrade() -> None:
    for name, value in (("memory_mb", MEMORY_MB), ("timeout_s", TIMEOUT_S)):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default=str(value))
        op.add_column("function", column)
    op.add_column("function", sa.Column("schedule", sa.JSON(), nullable=True))
    for name in NEXT:
        op.add_column("function", sa.Column(name, sa.String(), nullable=True))
        op.create_index(f"ix_function_{name}", "function", [name])
    made = op.create_table(
        "function_revision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("function_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("copy_of", sa.Integer(), nullable=True),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("template_version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("code_key", sa.String(), nullable=False),
        sa.Column("packaged", sa.Boolean(), nullable=False),
        sa.Column("network_id", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("key_version", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("access", sa.String(16), nullable=False),
        sa.Column("cors_origins", sa.JSON(), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["function_id"], ["function.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("function_id", "number"),
    )
    op.create_index("ix_function_revision_function_id", "function_revision", ["function_id"])
    _first_revisions(made)


def downgrade() -> None:
    op.drop_table("function_revision")
    for name in NEXT:
        op.drop_index(f"ix_function_{name}", "function")
    for name in (*NEXT, "schedule", "timeout_s", "memory_mb"):
        op.drop_column("function", name)


def _first_revisions(made: sa.Table) -> None:
    connection = op.get_bind()
    types = {"settings": sa.JSON, "cors_origins": sa.JSON, "created_at": sa.DateTime(timezone=True)}
    columns = (*COPIED, "id", "revision", "status")
    functions = sa.table("function", *(sa.column(name, types.get(name)) for name in columns))
    names = {}
    for noun in ("network", "key"):
        rows = sa.table(noun, sa.column("id"), sa.column("name"))
        names[noun] = {row.id: row.name for row in connection.execute(sa.select(rows)).all()}
    for row in connection.execute(sa.select(functions)).mappings().all():
        first = {name: row[name] for name in COPIED} | {
            "id": secrets.token_hex(6),
            "function_id": row["id"],
            "number": row["revision"],
            "status": "live" if row["status"] in ("ready", "updating") else "pending",
            "network": names["network"][row["network_id"]],
            "key": names["key"][row["key_id"]],
            "memory_mb": MEMORY_MB,
            "timeout_s": TIMEOUT_S,
            "packaged": False,
        }
        texts = (
            "reason",
            "actor",
            "template_version",
            "code",
            "code_hash",
            "code_key",
            "key_version",
        )
        connection.execute(made.insert().values(first | dict.fromkeys(texts, "")))
