"""What is sealed is read with the same key and for the same row alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webapp.errors import Conflict
from webapp.sealing import KEY_FILE, Sealer, sealer_of
from webapp.settings import Settings

KEY = "a key of thirty-two characters, at least"


def test_what_is_sealed_is_opened_for_its_row_alone() -> None:
    sealed = Sealer(KEY).seal("secret", bound_to="ada")
    assert "secret" not in sealed
    assert Sealer(KEY).seal("secret", bound_to="ada") != sealed
    assert Sealer(KEY).open(sealed, bound_to="ada") == "secret"
    for sealer, row, text in [
        (Sealer(KEY), "bob", sealed),
        (Sealer("another key"), "ada", sealed),
        (Sealer(KEY), "ada", sealed[:-8] + "AAAAAAA="),
        (Sealer(KEY), "ada", "x"),
    ]:
        with pytest.raises(Conflict, match="another key"):
            sealer.open(text, bound_to=row)


def test_with_sqlite_the_key_is_a_private_file_that_all_processes_share(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    with ThreadPoolExecutor(4) as threads:
        sealers = list(threads.map(lambda _: sealer_of(settings), range(4)))
    sealed = sealers[0].seal("secret", bound_to="ada")
    assert [each.open(sealed, bound_to="ada") for each in sealers] == ["secret"] * 4
    [file] = settings.data_dir.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (KEY_FILE, 0o600)


def test_on_postgresql_the_key_has_to_be_set(tmp_path: Path) -> None:
    database_url = "postgresql://egret@db/egret"
    without = Settings(data_dir=tmp_path, database_url=database_url)
    assert without.lacks_key
    with pytest.raises(Conflict, match="EGRET_SECRET_KEY"):
        sealer_of(without)
    replicas = [
        Settings(data_dir=tmp_path / name, database_url=database_url, secret_key=KEY)
        for name in ("a", "b")
    ]
    first, second = map(sealer_of, replicas)
    assert second.open(first.seal("secret", bound_to="ada"), bound_to="ada") == "secret"
    assert not list(tmp_path.iterdir())
