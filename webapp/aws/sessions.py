"""One session of boto3 for all clients, and one kind of error when its credentials do not work.

botocore's providers raise whatever they meet: a KeyError for a damaged file, a FileNotFoundError
for a command that is not there. Here all of it becomes CredentialsUnusable, when credentials are
read for the first time and each time they are renewed. One thread reads or renews them at a time;
the others share its result. After a failure the next session reads the configuration again.

The cause is not kept with the error: its text, and a traceback, may have a secret in it.

This module imports boto3, which takes 18 MiB, so `webapp.aws.clients` imports it when it is needed.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import boto3
import botocore.session
from botocore.credentials import Credentials
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.loaders import Loader, create_loader
from botocore.utils import parse_timestamp

from webapp.aws.credentials import (
    CredentialsUnusable,
    Fault,
    MfaNeeded,
    UnusableCharacter,
    fault_of,
)

FAILURE_SHARED_S = 5.0
"""How long a failure answers for the next attempt: reading credentials may take seconds."""
WAIT_MAX_S = 30.0
"""How long a thread waits for the one that reads them."""
WAITED = Fault("the credentials are still being read", "See what provides them, and end it.")
_PRINTABLE = re.compile(r"[!-~]*")
Result = TypeVar("Result")


Session = Any
"""What makes clients, by its method `client`: a session of boto3's, or what is like one."""


class Opened(NamedTuple):
    """Credentials as botocore found them; with the session of botocore's that uses them, and what
    makes clients. A role has only credentials."""

    credentials: Any
    core: Any = None
    session: Session = None


class Sessions:
    """`before_reading` is done before credentials are read for the first time.

    `open_session` gives credentials: those of the environment, with a session, or of a role. Tests
    pass a `session`, which is used as it is, or a virtual `clock`.
    """

    def __init__(
        self,
        session: boto3.Session | None = None,
        *,
        before_reading: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        open_session: Callable[[], Opened] | None = None,
    ) -> None:
        self._session: Session | None = session
        self._given, self._open_session = session, open_session or _of_environment
        self._before_reading, self._clock = before_reading, clock
        self._lock = Lock()
        self._failure: CredentialsUnusable | None = None
        self._failed_at_s = self._refused_at_s = -FAILURE_SHARED_S

    def current(self) -> Session:
        """A session with credentials; of a role, these alone. Raises CredentialsUnusable."""
        found = self._session
        if found is None:
            self._before_reading()
            found = self.share(self._open)
        return found

    def note_refusal(self) -> None:
        """AWS refused the credentials: the next session reads them again, they may be other ones.

        Not more often than after a failure, as each request is refused until then.
        """
        now_s = self._clock()
        if now_s >= self._refused_at_s + FAILURE_SHARED_S:
            self._session, self._refused_at_s = self._given, now_s

    def share(self, read: Callable[[], Result]) -> Result:
        """What `read` gives, one thread at a time. Raises CredentialsUnusable for all it raises."""
        if not self._lock.acquire(timeout=WAIT_MAX_S):
            raise CredentialsUnusable(WAITED)
        try:
            if self._failure and self._clock() < self._failed_at_s + FAILURE_SHARED_S:
                raise _again(self._failure)
            try:
                return read()
            except Exception as error:
                self._session = self._given
                self._failure, self._failed_at_s = _failure(error), self._clock()
            raise _again(self._failure)
        finally:
            self._lock.release()

    def _open(self) -> Session:
        if self._session is None:
            opened = self._open_session()
            found = _Shared(_checked(opened.credentials), self.share)
            if opened.core:
                opened.core.register_component("credential_provider", found)
            self._session = opened.session or found
        return self._session


class _Shared(Credentials):
    """Credentials that are renewed by one thread at a time, and their provider."""

    def __init__(self, found: Any, share: Callable[[Callable[[], Any]], Any]) -> None:
        self._found, self._share = found, share
        self.method = found.method

    def load_credentials(self) -> "_Shared":
        return self

    def get_frozen_credentials(self) -> Any:
        return self._share(lambda: _checked(self._found).get_frozen_credentials())

    def __getattr__(self, name: str) -> Any:
        """The key, the token and the account; clients ask for each of them by itself."""
        return getattr(self.get_frozen_credentials(), name)


def _of_environment() -> Opened:
    core = botocore.session.get_session()
    found = _load(core)
    share_models(core)
    return Opened(found, core, boto3.Session(botocore_session=core))


def _load(core: Any) -> Any:
    """Botocore's credentials. Raises whatever its providers raise."""
    chain = core.get_component("credential_provider")
    chain.get_provider("assume-role")._prompter = _refuse_to_prompt
    found = chain.load_credentials()
    if found is None and os.environ.get("AWS_SECRET_ACCESS_KEY"):
        raise PartialCredentialsError(provider="env", cred_var="AWS_ACCESS_KEY_ID")
    if found is None:
        raise NoCredentialsError
    return found


def _refuse_to_prompt(_prompt: str) -> str:
    """Botocore would wait at the terminal for the code of an MFA device."""
    raise MfaNeeded


def _checked(found: Any) -> Any:
    """Raises UnusableCharacter for one that cannot be sent: errors about that would show it."""
    now = found.get_frozen_credentials()
    named = {
        "access key id": now.access_key,
        "secret access key": now.secret_key,
        "session token": now.token,
    }
    for name, value in named.items():
        if not _PRINTABLE.fullmatch(value or ""):
            raise UnusableCharacter(name=name, what=_unusable_in(value), source=found.method)
    return found


def _unusable_in(value: str) -> str:
    if re.search(r"[\r\n]", value):
        return "a line break"
    return "white space" if re.search(r"\s", value) else "a character that no credential has"


def _failure(error: Exception) -> CredentialsUnusable:
    made = CredentialsUnusable(fault_of(error))
    made.answer = error if isinstance(error, ClientError) else None
    return made


def _again(failure: CredentialsUnusable) -> CredentialsUnusable:
    """One for each thread that raises it."""
    made = CredentialsUnusable(failure.fault)
    made.answer = failure.answer
    return made


def share_models(core: Any) -> None:
    """Let this session of botocore's use what all have read, and read times quickly."""
    core.register_component("data_loader", _models(core.get_config_variable("data_path")))
    parsers = core.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=read_time)
    events = core.get_component("event_emitter")
    events.register_last("creating-client-class", _share_class, unique_id="one class per service")


@cache
def _models(data_path: str | None) -> Loader:
    """Read once for all sessions: reading them takes most of the time that a client takes."""
    return create_loader(data_path)


_classes: dict[str, type] = {}


def _share_class(
    class_attributes: dict[str, Any], base_classes: list[type], event_name: str, **_: object
) -> None:
    """Let the class of a client be an empty one above the first of its service: botocore makes one
    for each client, with a function for each operation; EC2 has 800."""
    if event_name not in _classes:
        name = event_name.rpartition(".")[2]
        _classes[event_name] = type(name, tuple(base_classes), dict(class_attributes))
    class_attributes.clear()
    base_classes[:] = [_classes[event_name]]


def read_time(value: Any) -> datetime:
    """Botocore takes 60 times as long for the form that most of AWS's times have."""
    if isinstance(value, str) and value.endswith("Z"):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    found: datetime = parse_timestamp(value)
    return found
