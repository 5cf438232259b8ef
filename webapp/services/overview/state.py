"""Whether an open page has to load itself again."""

import hashlib
import secrets

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from webapp.models import Address, Function, Key, KeyVersion, Network, Proof, Snapshot, Whitelisting
from webapp.services.overview.facts import facts


def state_of(session: Session) -> str:
    """A short text that is another one after every change of what pages show.

    An open page compares it before it loads itself again. Proofs and snapshots are only added.
    Where there are many rows, it is another one each time: it would cost more to compare all of
    them than to load a page. `webapp.watching.latest` asks for it only after a commit.
    """
    if facts(session).are_many:
        return secrets.token_hex(16)
    proven = func.sum(case((col(Proof.seen_ip) == col(Proof.expected_ip), 1), else_=0))
    found = [
        session.exec(query).all()
        for query in (
            select(Network.id, Network.version).order_by(Network.id),
            select(Function.id, Function.version).order_by(Function.id),
            select(Address.id, Address.version).order_by(Address.id),
            select(Key.id, Key.status, Key.fingerprint, Key.name).order_by(Key.id),
            select(KeyVersion.id, KeyVersion.stage).order_by(KeyVersion.id),
            select(Whitelisting.id, Whitelisting.sent_at, Whitelisting.confirmed_at),
            select(func.count(), func.max(Proof.at), proven),
            select(func.count(), func.max(Snapshot.fetched_at), func.max(Snapshot.id)),
        )
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()
