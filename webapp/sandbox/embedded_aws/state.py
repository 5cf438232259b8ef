"""Saves the whole state in one file, about every second while it is used; loads it at the start.

ministack itself writes one file per service, and only at a graceful end. After a kill, the states
of all services and the journal of the stack operations must be from the same moment. So they are
in one file, which is replaced at once and built under the lock under which resources change.
"""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import cloudformation

from webapp.sandbox.embedded_aws.operations import Operations
from webapp.sandbox.embedded_aws.public_access import PublicAccess
from webapp.sandbox.private_files import write_private

SAVE_EVERY_S = 1.0
SHARE_OF_TIME = 0.02
"""What saving may take of the time: a state that has become large is saved less often."""
SETTLE_S = 10.0
"""How long after the last request something may still change by itself, such as a NAT gateway."""
FILE, STACKS = "state.json", "cloudformation"


class State:
    def __init__(self, folder: Path, operations: Operations, public_access: PublicAccess) -> None:
        self._file = folder / FILE
        self._operations = operations
        self._public_access = public_access
        self._saved = ""
        self._used_at_s = time.monotonic()
        self._loaded: dict[str, Any] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def install(self) -> None:
        """Load the file, if there is one, and replace ministack's own loading and saving."""
        if self._file.exists():
            text = self._file.read_text()
            self._loaded = json.loads(text, object_hook=persistence._json_object_hook)
        self._operations.journal.update(
            {key: tuple(made) for key, made in self._loaded.pop("journal", {}).items()}
        )
        self._public_access.regions.update(self._loaded.pop("public_access", {}))
        app.load_state = self._loaded.get
        app.save_all = self._save_services

    def note_use(self) -> None:
        """A request came, which may have changed something."""
        self._used_at_s = time.monotonic()

    async def save_periodically(self) -> None:
        took_s = 0.0
        while True:
            await asyncio.sleep(max(SAVE_EVERY_S, took_s / SHARE_OF_TIME))
            idle_s = time.monotonic() - self._used_at_s
            if idle_s > SETTLE_S and not self._operations.is_busy():
                continue
            began_s = time.monotonic()
            text = self._snapshot(app._build_persistence_save_dict())
            took_s = time.monotonic() - began_s
            await asyncio.to_thread(self._write, text)

    def _save_services(self, services: dict[str, Callable[[], Any]]) -> None:
        self._write(self._snapshot(services))

    def _snapshot(self, services: dict[str, Callable[[], Any]]) -> str:
        with self._operations.lock:
            state = {name: get_state() for name, get_state in services.items() if name != STACKS}
            # ministack's own would copy each of the stacks, events and templates that ever were
            state[STACKS] = {key: store() for store, key in cloudformation._PERSISTED_STORES}
            state["public_access"] = self._public_access.regions
            state["journal"] = dict(self._operations.journal)
            return json.dumps(state, default=persistence._json_default)

    def _write(self, text: str) -> None:
        if text == self._saved:
            return
        write_private(self._file, text)
        self._saved = text
