"""Write the origins of functions as browsers send them, each once; what is no origin stays."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from pydantic_core import Url

revision = "20261127_cors_origins"
down_revision = "20261126c"

FUNCTIONS = sa.table("function", sa.column("id", sa.String), sa.column("cors_origins", sa.JSON))
DEFAULT_PORTS = {"http": 80, "https": 443}


def upgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(FUNCTIONS)).all():
        origins = list(dict.fromkeys(_origin(text) for text in row.cors_origins or []))
        if origins != row.cors_origins:
            mine = sa.update(FUNCTIONS).where(FUNCTIONS.c.id == row.id)
            connection.execute(mine.values(cors_origins=origins))


def downgrade() -> None:
    """What is written otherwise is the same origins."""


def _origin(text: Any) -> str:
    try:
        url = Url(str(text).strip())
    except ValueError:
        return str(text)
    if url.scheme not in DEFAULT_PORTS or not url.host:
        return str(text)
    port = "" if url.port == DEFAULT_PORTS[url.scheme] else f":{url.port}"
    return f"{url.scheme}://{url.host}{port}"
