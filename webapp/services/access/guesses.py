"""Guessing is made slow: each wrong password or token makes the next try wait longer.

Three series are counted, in the database and before a password is checked, so that all replicas
and all requests of one moment count together: one client at one account, one client at any
account, and one account from anywhere. The last is no way to lock people out: its wait is short,
and a client that has signed in to the account before does not wait for it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlmodel import Session, col, delete, or_

from webapp.db import lock
from webapp.edge.client_addresses import subscriber_of
from webapp.errors import TooMany
from webapp.models import AuditResult, Guesses, utc_now
from webapp.scope import NOBODY, Origin, Scope, Thing

PASSWORD, SETUP, API_TOKEN, LINK = "password", "setup token", "bearer token", "link"
CODE, PASSKEY, PROVIDER = "code", "passkey", "sign-in by the provider"
"""What can be guessed."""
UNKNOWN_DIGITS = 5


@dataclass(frozen=True)
class Limit:
    """After `free` wrong ones the wait is 1 s; each further one doubles it, up to `wait_max_s`."""

    free: int
    wait_max_s: int

    def wait(self, failures: int) -> timedelta:
        beyond = failures - self.free
        seconds = 0 if beyond < 0 else min(2 ** min(beyond, 30), self.wait_max_s)
        return timedelta(seconds=seconds)


OF_CLIENT_AT_ACCOUNT = Limit(free=5, wait_max_s=15 * 60)
OF_CLIENT = Limit(free=20, wait_max_s=15 * 60)
OF_ACCOUNT = Limit(free=50, wait_max_s=30)
OF_ACCOUNT_BY_CODE = Limit(free=10, wait_max_s=15 * 60)
"""Of a million codes three are right, and who tries them has the password: 0.03 % a day."""
OF_ANYBODY = (OF_ACCOUNT, OF_ACCOUNT_BY_CODE)
"""Others may fill them: a client that the account knows does not wait for those."""
FORGOTTEN_AFTER = timedelta(days=1)
KNOWN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Guesser:
    """A client that presents a password or a token; `now` is the seam for tests."""

    session: Session
    address: str
    now: Callable[[], datetime] = utc_now
    request_id: str = ""

    def scope(self, actor: str, role: str = "") -> Scope:
        """What is done with the right one, on behalf of that actor; or, by nobody, with others."""
        return Scope(self.session, actor, origin=Origin(role, self.address, self.request_id))

    def take(self, what: str, account: str = "") -> int:
        """Count a try as wrong, before it is known whether it is.

        Returns its number in the series of this client and account. Raises TooMany while a wait
        lasts; such a try does not count.
        """
        self.session.commit()
        self._check(what, account)  # most of a flood ends here, and waits for no lock
        self.session.commit()
        lock(self.session, "guesses")
        self._check(what, account)
        self._forget()
        pair = self._pair(what, account)
        limits = self._limits(what, account)
        rows = {subject: self._failed(subject, limit) for subject, limit in limits.items()}
        self.session.add_all(rows.values())
        self.session.commit()
        return rows[pair].failures

    def was_right(self, what: str, account: str = "") -> None:
        """Take the last try back, and remember the client."""
        lock(self.session, "guesses")
        pair = self._pair(what, account)
        for subject in self._limits(what, account):
            row = self._row(subject)
            row.failures = 0 if subject == pair else max(0, row.failures - 1)
            row.wait_until, row.known = row.last_at, bool(account) and subject == pair
        self.session.commit()

    def _limits(self, what: str, account: str) -> dict[str, Limit]:
        client = subscriber_of(self.address)
        limits = {_hash(what, "", client): OF_CLIENT}
        if account:
            limits[_hash(what, account, client)] = OF_CLIENT_AT_ACCOUNT
            limits[_hash(what, account, "")] = OF_ACCOUNT_BY_CODE if what == CODE else OF_ACCOUNT
        return limits

    def _pair(self, what: str, account: str) -> str:
        return _hash(what, account, subscriber_of(self.address))

    def _check(self, what: str, account: str) -> None:
        is_known = self._row(self._pair(what, account)).known
        waits = [
            self._row(subject).wait_until
            for subject, limit in self._limits(what, account).items()
            if limit not in OF_ANYBODY or not is_known
        ]
        if max(waits) > (now := self.now()):
            wait_s = ceil((max(waits) - now).total_seconds())
            raise TooMany(
                f"Too many wrong tries: a {what} was not accepted several times.",
                code="too_many_tries",
                remedy=f"Try again in {_duration(wait_s)}, at {max(waits):%H:%M:%S} UTC.",
                retry_after_s=wait_s,
            )

    def _failed(self, subject: str, limit: Limit) -> Guesses:
        row, now = self._row(subject), self.now()
        row.failures = 1 if row.last_at < now - FORGOTTEN_AFTER else row.failures + 1
        row.last_at, row.wait_until = now, now + limit.wait(row.failures)
        return row

    def _row(self, subject: str) -> Guesses:
        found = self.session.get(Guesses, subject, populate_existing=True)
        return found or Guesses(subject=subject, last_at=self.now(), wait_until=self.now())

    def _forget(self) -> None:
        now, last_at = self.now(), col(Guesses.last_at)
        is_over = (last_at < now - FORGOTTEN_AFTER) & ~col(Guesses.known)
        forgotten = delete(Guesses).where(or_(is_over, last_at < now - KNOWN_FOR))
        self.session.connection().execute(forgotten)


def record_failure(
    guesser: Guesser, number: int, name: str, code: str, *, known: bool = False
) -> None:
    """In the audit trail: once for each series of wrong tries, whose number this is.

    What was typed as the name of nobody may be a password. Of its SHA-256 a few digits are kept, as
    haveibeenpwned.com is asked: they tell which tries belong together, and no password.
    """
    if number == 1:
        short = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:UNKNOWN_DIGITS]
        result, detail = AuditResult.REFUSED, f"from {guesser.address}"
        thing = Thing("user", name if known else f"unknown-{short}")
        guesser.scope(NOBODY).record("fail to sign in", thing, detail, result=result, code=code)
        guesser.session.commit()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    return f"{minutes + bool(rest)} minute{'s' if minutes + bool(rest) > 1 else ''}"
