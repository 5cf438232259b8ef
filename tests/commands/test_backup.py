"""`egret backup` and `egret restore`."""

from pathlib import Path

import pytest
from sqlmodel import Session

from tests.databases import environment_of, settings_of
from tests.fast import thorough
from tests.services.rows import a_network, add
from webapp.cli import main
from webapp.settings import Settings


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


@thorough("every migration runs")
def test_a_backup_is_restored_into_a_new_folder_and_only_on_request_over_another(
    session: Session,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add(session, a_network())
    file = str(tmp_path / "backup.jsonl.gz")
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert run("backup", file) == 0
    assert run("restore", file) == 1
    assert "use --replace" in capsys.readouterr().err
    assert run("restore", file, "--replace") == 0
    assert len(list(settings.data_dir.glob("before-restore-*.jsonl.gz"))) == 1
    for name, value in environment_of(settings_of(tmp_path / "new" / "folder")).items():
        monkeypatch.setenv(name, value)
    assert run("restore", file) == 0
    assert "Everybody signs in once more" in capsys.readouterr().out


def test_without_a_database_there_is_nothing_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EGRET_DATA_DIR", str(tmp_path / "none"))
    assert run("backup", str(tmp_path / "backup.jsonl.gz")) == 1
    assert "no database of Egret here" in capsys.readouterr().err
