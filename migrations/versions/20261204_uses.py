"""The functions of a key by name, which keys and networks functions have in common, and which names
of people look the same."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261204_uses"
down_revision = "20261203_lanes"

INDEXES = {
    "ix_function_key": ["key_id", "name"],
    "ix_function_network_keys": ["network_id", "key_id"],
    "ix_function_key_networks": ["key_id", "network_id"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(name, "function", columns)
    op.drop_index("ix_function_key_id", "function")
    op.add_column("user", sa.Column("folded", sa.String))
    rows = sa.table("user", *map(sa.column, ("id", "name", "folded")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(rows)).all():
        folded = sa.update(rows).where(rows.c.id == row.id).values(folded=_folded(row.name))
        connection.execute(folded)
    op.create_index("ix_user_folded", "user", ["folded"])


def downgrade() -> None:
    op.drop_index("ix_user_folded", "user")
    with op.batch_alter_table("user") as batch:
        batch.drop_column("folded")
    op.create_index("ix_function_key_id", "function", ["key_id"])
    for name in INDEXES:
        op.drop_index(name, "function")


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    shown = (c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join("".join(shown).split())
