"""Files that only their owner can read and that are never half written."""

from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Replace the file at once, so that a kill leaves the old content or the new."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)
