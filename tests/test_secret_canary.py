"""The search for secrets after a run: it finds one wherever it was left, and spares its place."""

import json
import os
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from tests.databases import prepare, settings_of
from tests.secret_canary import SecretCanary, problems
from tests.services.rows import a_key, add
from tests.tokens import mint
from webapp.db import temporary_engine

OPAQUE = "sk_live_of_a_bank_4711"
ID = "0123456789ab"
PASSING = "def test_passes(tmp_path): (tmp_path / 'a.log').write_text({text!r})"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """What was left there is not left for the search after this run."""
    made = tmp_path / "of a run"
    made.mkdir()
    yield made
    shutil.rmtree(made)


def in_aws(folder: Path, text: str, *, name: str = "egret/key/bank", **columns: Any) -> None:
    """The state of an embedded AWS that has this secret."""
    versions = {"one": {"SecretString": text}}
    secret = {"Name": name, "DeletedDate": None, "Versions": versions} | columns
    state = folder / "sandbox0" / "aws" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"secretsmanager": {"secrets": {"data": {"its key": secret}}}}))


def to_log(folder: Path, text: str) -> Path:
    file = folder / "dashboard.log"
    file.write_text(f"INFO sent {text} away")
    return file


def to_database(folder: Path, text: str) -> Path:
    """Between bytes that are no text."""
    file = folder / "egret.db-wal"
    file.write_bytes(b"\x00\xff\x93" + text.encode() + b"\x00\xff")
    return file


def to_download(folder: Path, text: str) -> Path:
    file = folder / "deep" / "down" / "kit.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"kit": [text]}))
    return file


@pytest.mark.parametrize("secret", [mint(), OPAQUE], ids=["a token", "an opaque one"])
@pytest.mark.parametrize("leave", [to_log, to_database, to_download])
def test_a_secret_that_was_left_somewhere_is_found(
    folder: Path, leave: Callable[[Path, str], Path], secret: str
) -> None:
    in_aws(folder, secret)
    assert problems(folder) == []
    file = leave(folder, secret)
    (problem,) = problems(folder)
    assert str(file) in problem
    assert secret not in problem


def test_a_token_is_found_that_no_aws_has_and_so_is_the_test_that_made_it(folder: Path) -> None:
    to_log(folder, mint())
    (problem,) = problems(folder)
    assert "test_a_token_is_found_that_no_aws_has" in problem


def test_a_text_that_only_looks_like_a_token_is_none(folder: Path) -> None:
    to_log(folder, f"{b64encode(b'{}' * 9).decode()}.eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln")
    assert problems(folder) == []


def test_the_partner_may_keep_the_keys_that_it_made(folder: Path) -> None:
    (folder / "partner.json").write_text(mint())
    (folder / "partner.json.part").write_text(mint())
    assert problems(folder) == []


def test_a_secret_in_aws_needs_a_row_unless_it_is_deleted(folder: Path, tmp_path: Path) -> None:
    in_aws(folder, OPAQUE, name=f"egret/key/bank-{ID}")
    assert problems(tmp_path) == [f"egret/key/bank-{ID}: in Secrets Manager, but no row has it"]
    settings = settings_of(tmp_path)
    prepare(settings)
    with temporary_engine(settings.database) as engine, Session(engine) as session:
        add(session, a_key("bank", id=ID))
    assert problems(tmp_path) == []


def test_a_deleted_secret_has_no_row_any_more(folder: Path) -> None:
    in_aws(folder, OPAQUE, name=f"egret/key/bank-{ID}", DeletedDate=1796281601)
    assert problems(folder) == []


@pytest.mark.parametrize(("is_left", "expected"), [(True, 1), (False, 0)])
def test_a_run_that_leaves_a_secret_fails_and_says_where(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_left: bool,
    expected: int,
) -> None:
    class Canary:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(SecretCanary(config))

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    test, base = folder / f"test_of_{expected}.py", folder / "base"
    test.write_text(PASSING.format(text=mint() if is_left else "nothing"))
    options = [
        f"--basetemp={base}",
        "-c",
        os.devnull,
        f"--rootdir={folder}",
        "--import-mode=importlib",
        "-pno:cacheprovider",
        "-pno:unraisableexception",  # it would search all that this process has made
    ]
    assert pytest.main([str(test), *options], plugins=[Canary()]) == expected
    assert (f"{base}/test_passes0/a.log" in capsys.readouterr().out) is is_left
