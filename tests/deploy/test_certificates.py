import subprocess
from pathlib import Path

import pytest

from deploy.certificates import given_or_made
from webapp.errors import Invalid
from webapp.settings import Settings


def settings_at(folder: Path, url: str = "https://localhost:8443") -> Settings:
    return Settings(data_dir=folder, public_url=url)


def subject(file: Path) -> str:
    command = ["openssl", "x509", "-in", str(file), "-noout", "-ext", "subjectAltName"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_certificate_is_made_once_for_each_host(tmp_path: Path) -> None:
    made = given_or_made(None, None, settings_at(tmp_path))
    assert "DNS:localhost" in subject(made[0])
    before = made[0].read_bytes()
    assert given_or_made(None, None, settings_at(tmp_path)) == made
    assert made[0].read_bytes() == before
    other = given_or_made(None, None, settings_at(tmp_path, "https://127.0.0.1:8443"))
    assert "IP Address:127.0.0.1" in subject(other[0])


def test_its_key_is_private(tmp_path: Path) -> None:
    _, key = given_or_made(None, None, settings_at(tmp_path))
    assert key.stat().st_mode & 0o077 == 0
    assert key.parent.stat().st_mode & 0o077 == 0


def test_what_is_given_is_used_if_both_files_are_there(tmp_path: Path) -> None:
    certificate, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    with pytest.raises(Invalid, match="cannot be read"):
        given_or_made(certificate, key, settings_at(tmp_path))
    with pytest.raises(Invalid, match="needs its key"):
        given_or_made(certificate, None, settings_at(tmp_path))
    certificate.touch()
    key.touch()
    assert given_or_made(certificate, key, settings_at(tmp_path)) == (certificate, key)
