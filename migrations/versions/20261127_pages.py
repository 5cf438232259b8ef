"""Count wrong passwords and tokens, keep long forms, and list each partner once per network."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261127_pages"
down_revision = "20261127_cors_origins"


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
    )
    op.create_index("ix_guesses_last_at", "guesses", ["last_at"])
    op.create_table(
        "draft",
        sa.Column("token_hash", sa.String, primary_key=True),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_draft_created_at", "draft", ["created_at"])
    op.add_column(
        "whitelisting",
        sa.Column("partner_folded", sa.String, nullable=False, server_default=""),
    )
    _number_duplicates()
    op.create_index(
        "ix_whitelisting_partner", "whitelisting", ["network_id", "partner_folded"], unique=True
    )


def _number_duplicates() -> None:
    """A partner that is listed twice stays so, as `The bank` and `The bank (2)`."""
    connection = op.get_bind()
    seen: set[tuple[str, str]] = set()
    names = ("id", "network_id", "partner", "partner_folded")
    rows = sa.table("whitelisting", *(sa.column(name) for name in (*names, "sent_at")))
    for row in connection.execute(sa.select(rows).order_by(rows.c.sent_at)).all():
        partner, number = row.partner, 1
        while (row.network_id, _folded(partner)) in seen:
            number += 1
            partner = f"{row.partner} ({number})"
        seen.add((row.network_id, _folded(partner)))
        values = {"partner": partner, "partner_folded": _folded(partner)}
        connection.execute(sa.update(rows).where(rows.c.id == row.id).values(values))


def _folded(text: str) -> str:
    """As `folded` in webapp/models/base.py is on the day of this migration."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    shown = (c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join("".join(shown).split())


def downgrade() -> None:
    op.drop_index("ix_whitelisting_partner", "whitelisting")
    op.drop_column("whitelisting", "partner_folded")
    op.drop_table("draft")
    op.drop_table("guesses")
