"""Which migrations this version has."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from webapp.db import MIGRATIONS


def newest_revision() -> str:
    return str(_scripts().get_current_head())


def is_known(revision: str) -> bool:
    return any(script.revision == revision for script in _scripts().walk_revisions())


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)
