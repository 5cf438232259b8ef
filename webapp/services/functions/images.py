"""Partners' pictures, served from the dashboard's own origin and cached on disk.

The page's policy lets browsers load nothing from elsewhere, so a badge is fetched here: only over
https, only from a host on a template's list, without redirects, with limits on size, type and time.
"""

import hashlib
import secrets
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from webapp.errors import Invalid, NotFound, Upstream
from webapp.outbound import Outbound, Purpose
from webapp.services.functions.catalogue.templates import list_templates
from webapp.settings import Settings

GONE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.GONE,
)
"""A store of files, such as S3, answers 403 when it must not say that there is none."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PATH_CHARACTERS = "/:@!$&'()*+,;=~-._"


def image_hosts() -> set[str]:
    """Those of all templates."""
    return {name for template in list_templates() for name in template.image_hosts}


PICTURES = Purpose("pictures", image_hosts, total_s=5.0, body_max_bytes=1024 * 1024)


class Images:
    """`outbound` is for tests."""

    def __init__(self, settings: Settings, outbound: Outbound | None = None) -> None:
        self._folder = settings.data_dir / "images"
        self._outbound = outbound or Outbound(settings.endpoints)

    def get(self, host: str, path: str) -> bytes:
        """The PNG at https://`host`/`path`. Raises NotFound, also for no URL; Upstream.

        Raises Unavailable when too many requests wait already.
        """
        if host not in image_hosts():
            raise NotFound(f"Pictures of {host} are not shown here.", code="host_not_allowed")
        file = self._file(host, path)
        if not file.exists():
            _write(file, self._fetch(host, path))
        return file.read_bytes()

    def _fetch(self, host: str, path: str) -> bytes:
        if not path.isprintable():
            raise NotFound(f"Not an image URL of {host}.")
        try:
            url = f"https://{host}/{quote(path, safe=PATH_CHARACTERS)}"
            answer = self._outbound.fetch(PICTURES, url)
        except (Invalid, UnicodeError) as error:
            raise NotFound(f"Not an image URL of {host}.") from error
        if answer.status in GONE:
            raise NotFound(f"{host} has no such picture.")
        if answer.status != HTTPStatus.OK or not answer.body.startswith(PNG_SIGNATURE):
            raise Upstream(f"{host} answered {answer.status}, without a PNG picture.")
        return answer.body

    def _file(self, host: str, path: str) -> Path:
        """Named by a hash, so that a partner cannot choose a path on the disk."""
        name = f"{host}/{path}".encode(errors="surrogatepass")
        return self._folder / f"{hashlib.sha256(name).hexdigest()}.png"


def _write(file: Path, body: bytes) -> None:
    """Replace it in one step: others may be reading it, or writing the same."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(f".{secrets.token_hex(8)}.part")
    part.write_bytes(body)
    part.replace(file)
