"""Partners' pictures, served from the dashboard's own origin and cached on disk.

The page's policy lets browsers load nothing from elsewhere, so a badge is fetched here: only over
https, only from a host on a template's list, without redirects, with limits on size, type and time.
"""

import hashlib
import secrets
from functools import cached_property
from pathlib import Path

import httpx

from webapp.errors import NotFound, Upstream
from webapp.outside import outside
from webapp.services.functions.catalogue.templates import list_templates
from webapp.settings import Settings

TIMEOUT_S = 5.0
SIZE_MAX_BYTES = 1024 * 1024
GONE = (
    httpx.codes.BAD_REQUEST,
    httpx.codes.FORBIDDEN,
    httpx.codes.NOT_FOUND,
    httpx.codes.GONE,
)
"""A store of files, such as S3, answers 403 when it must not say that there is none."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Images:
    """`client` is for tests."""

    def __init__(self, settings: Settings, client: httpx.Client | None = None) -> None:
        self._settings = settings
        self._folder = settings.data_dir / "images"
        self._given = client

    @cached_property
    def _client(self) -> httpx.Client:
        """Made for the first picture: it reads every certificate authority."""
        return self._given or httpx.Client(timeout=TIMEOUT_S, trust_env=False)

    def get(self, host: str, path: str) -> bytes:
        """The PNG at https://`host`/`path`. Raises NotFound, also for no URL; Upstream.

        Raises Unavailable when too many requests wait already.
        """
        if host not in {name for t in list_templates() for name in t.image_hosts}:
            raise NotFound(f"Pictures of {host} are not shown here.", code="host_not_allowed")
        file = self._file(host, path)
        if not file.exists():
            outside.enter()
            _write(file, self._fetch(host, path))
        return file.read_bytes()

    def _fetch(self, host: str, path: str) -> bytes:
        url = f"{self._settings.origin(f'https://{host}')}/{path}"
        try:
            with self._client.stream("GET", url, follow_redirects=False) as answer:
                body = _read(answer)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise NotFound(f"Not an image URL of {host}.") from error
        except httpx.HTTPError as error:
            raise Upstream(f"{host} did not give the picture: {type(error).__name__}") from error
        if answer.status_code in GONE:
            raise NotFound(f"{host} has no such picture.")
        if answer.status_code != httpx.codes.OK or not body.startswith(PNG_SIGNATURE):
            raise Upstream(f"{host} answered {answer.status_code}, without a PNG picture.")
        return body

    def _file(self, host: str, path: str) -> Path:
        """Named by a hash, so that a partner cannot choose a path on the disk."""
        name = f"{host}/{path}".encode(errors="surrogatepass")
        return self._folder / f"{hashlib.sha256(name).hexdigest()}.png"


def _read(answer: httpx.Response) -> bytes:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > SIZE_MAX_BYTES:
            raise Upstream(f"The picture is larger than {SIZE_MAX_BYTES // 1024} KiB.")
    return body


def _write(file: Path, body: bytes) -> None:
    """Replace it in one step: others may be reading it, or writing the same."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(f".{secrets.token_hex(8)}.part")
    part.write_bytes(body)
    part.replace(file)
