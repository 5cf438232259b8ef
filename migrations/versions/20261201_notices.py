"""Let PostgreSQL tell every replica of a change; SQLite counts changes by itself.

`webapp.watching.changes` listens. A transaction sends one notice, however much it writes.
"""

from alembic import op

revision = "20261201_notices"
down_revision = "20261130_passkeys"

SHOWN = ("network", "function", "address", "proof", "snapshot", "stack_event")
"""What pages that follow changes show; of sessions, only their end is told."""
TABLES = dict.fromkeys(SHOWN, "INSERT OR UPDATE OR DELETE") | {"access_token": "DELETE"}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        "CREATE FUNCTION egret_tell_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN NOTIFY egret_change; RETURN NULL; END $$"
    )
    for table, changes in TABLES.items():
        op.execute(
            f'CREATE TRIGGER egret_change AFTER {changes} ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION egret_tell_change()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f'DROP TRIGGER egret_change ON "{table}"')
    op.execute("DROP FUNCTION egret_tell_change()")
