"""Static files as hot answers: read at the start, and compressed once each is asked for."""

from pathlib import Path
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from webapp.hot.cache import SLOTS_MAX, Bounded, Slot, Source, State
from webapp.hot.encodings import Encoded
from webapp.hot.looks import own_threads
from webapp.hot.prepared import Prepared
from webapp.hot.requests import address_of, read
from webapp.telemetry.spans import TEMPLATE

FILES: Final = "/static/{path}"
OF_HEADERS: Final = ("accept-ranges", "last-modified")


class HotFiles(StaticFiles):
    """The route of a folder's files, none of which changes while the process runs.

    Parts of files, and conditions on times, are left to Starlette's.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        found = sorted(path for path in directory.rglob("*") if path.is_file())
        self._bodies = {str(path.relative_to(directory)): path.read_bytes() for path in found}
        self._folder = directory
        self._prepared: dict[str, Prepared] = {}
        self.slots: Bounded[bytes, Slot] = Bounded(SLOTS_MAX)

    async def get_response(self, path: str, scope: Scope) -> Response:
        scope[TEMPLATE] = FILES
        is_usual = scope["method"] == "GET" and read(scope["headers"]) is not None
        if path not in self._bodies or not is_usual:
            return await super().get_response(path, scope)
        if path not in self._prepared:
            made = await anyio.to_thread.run_sync(self._prepare, path, limiter=own_threads())
            self._prepared[path] = made
        prepared, headers = self._prepared[path], Headers(scope=scope)
        self._keep(scope, prepared, headers)
        known = headers.get("if-none-match", "")
        return prepared.response(headers.get("accept-encoding", ""), known)

    def _prepare(self, path: str) -> Prepared:
        file = self._folder / path
        as_file = FileResponse(file, stat_result=file.stat())
        return Prepared(
            Encoded(self._bodies[path], is_file=True),
            etag=as_file.headers["etag"].strip('"'),
            media_type=as_file.media_type or "",
            headers={name: as_file.headers[name] for name in OF_HEADERS},
        )

    def _keep(self, scope: Scope, prepared: Prepared, headers: Headers) -> None:
        address = address_of(scope)
        if address == scope["path"].encode():
            slot = self.slots.get(address) or Slot(FILE, address, scope["path"], (), FILES)
            slot.state = State(answers={False: prepared})
            slot.answered_by(headers.get("host", "").encode("latin-1"))
            self.slots.put(address, slot)


def _never(*_: object) -> Prepared:
    raise NotImplementedError


FILE: Final = Source("", _never, _never, is_public=True, is_file=True)
