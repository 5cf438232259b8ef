"""The certificate of nginx: the one that is given, or one that it signs itself, for trying."""

import os
import subprocess
from ipaddress import ip_address
from pathlib import Path

from webapp.errors import Invalid
from webapp.settings import Settings

DAYS = 90
RENEW_BEFORE_S = 7 * 24 * 3600


def given_or_made(
    certificate: Path | None, key: Path | None, settings: Settings
) -> tuple[Path, Path]:
    """The files of certificate and key. Raises Invalid.

    One that was made before is used again until a week before it expires, so that a browser is
    asked to trust it once.
    """
    if certificate and key:
        for file in (certificate, key):
            if not os.access(file, os.R_OK):
                raise Invalid(f"{file} cannot be read.", remedy="Give certificate and key in PEM.")
        return certificate.resolve(), key.resolve()
    if certificate or key:
        raise Invalid("a certificate needs its key.", remedy="Give --certificate and --key.")
    folder = settings.data_dir.resolve() / "tls"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = folder / f"{settings.host_name}.pem", folder / f"{settings.host_name}.key"
    if not _is_fresh(made[0]):
        _make(settings.host_name, *made)
    return made


def _is_fresh(file: Path) -> bool:
    command = ["openssl", "x509", "-in", str(file), "-noout", "-checkend", str(RENEW_BEFORE_S)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _make(host: str, certificate: Path, key: Path) -> None:
    command = [
        *("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"),
        *("ec_paramgen_curve:P-256", "-days", str(DAYS), "-subj", f"/CN={host}"),
        *("-addext", f"subjectAltName={_kind(host)}:{host}"),
        *("-keyout", str(key), "-out", str(certificate)),
    ]
    subprocess.run(command, capture_output=True, check=True)


def _kind(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        return "DNS"
    return "IP"
