"""The parts of the `egret` command that keep and bring back the whole database."""

from pathlib import Path
from typing import Annotated

import typer

from webapp.commands.base import ACTOR
from webapp.starting import bring_up_to_date, read_settings

TIME = "%Y%m%dT%H%M%SZ"


def print_backup(
    file: Annotated[
        Path | None, typer.Argument(help="A new file; by default, one in this folder.")
    ] = None,
) -> None:
    """Copy the whole database into a file, while the dashboard runs."""
    from webapp.backup.copies import back_up
    from webapp.models import utc_now

    path = file or Path(f"egret-{utc_now():{TIME}}.jsonl.gz")
    rows = back_up(read_settings().database, path)  # before an upgrade, of the older tables
    print(f"{path} has all {rows:,} rows.")


def print_restoration(
    file: Annotated[Path, typer.Argument(help="A backup, of this version or an older one.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where something is; a copy of it is kept.")
    ] = False,
) -> None:
    """Fill the database with what a backup has. Stop the dashboard first."""
    from webapp.backup.copies import restore
    from webapp.models import utc_now

    settings = read_settings()
    bring_up_to_date(settings)
    kept = settings.data_dir / f"before-restore-{utc_now():{TIME}}.jsonl.gz"
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = restore(settings.database, file, actor=ACTOR, kept=kept if replace else None)
    if done.kept:
        print(f"What was there before is kept in {done.kept}.")
    print(f"Restored {done.rows:,} rows of {done.made_at}. Everybody signs in once more.")
