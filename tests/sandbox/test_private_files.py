"""A private file is replaced whole, for its owner alone."""

from pathlib import Path

from webapp.sandbox.private_files import write_private


def test_a_file_is_replaced_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for text in ("a long first text", "short"):
        write_private(file, text)
        assert file.read_text() == text
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
