"""The keys that a function's form offers, with the networks that each may be used in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from webapp.lists.keyset import ROWS_PER_PAGE, Offer
from webapp.models import Key, Network
from webapp.partners import coverage, kind_of
from webapp.services.keys.listing import EVERY, LISTING, Wanted, addresses_of, pending_of
from webapp.services.keys.matching import cidrs_of, concerned, names_addresses


@dataclass(frozen=True)
class KeyChoice:
    """`matching`: names of the networks of which it allows every address. `usable`: of those in
    which nothing speaks against a function with it."""

    key: Key
    matching: list[str]
    usable: list[str]

    @property
    def names_addresses(self) -> bool:
        return names_addresses(self.key)

    def is_one_of(self, kinds: Collection[str]) -> bool:
        """Whether a template of these kinds can send it; without any, it can send all."""
        return not kinds or kind_of(self.key.partner, self.key.sent_by).name in kinds


def offered(
    session: Session, networks: Sequence[Network], wanted: Wanted = EVERY, *, key: str, network: str
) -> Offer[KeyChoice]:
    """The first ones by name, as they match the networks; with the key of that name, and where
    there are more, with those that concern the network of that name."""
    query = select(Key).where(*LISTING.conditions(wanted.values())).order_by(col(Key.name))
    first = list(session.exec(query.limit(ROWS_PER_PAGE + 1)))
    more = len(first) > ROWS_PER_PAGE
    found = {each.id: each for each in first[:ROWS_PER_PAGE]}
    others = [col(Key.name) == key]
    if more:
        ids = {id for each in networks if each.name == network for id in concerned(session, each)}
        others += [col(Key.id).in_(ids)] if ids else []
    for other in others:
        more_of_them = query.where(other).limit(ROWS_PER_PAGE)
        found |= {each.id: each for each in session.exec(more_of_them)}
    keys = sorted(found.values(), key=lambda each: each.name)
    return Offer(_choices(session, keys, networks), more)


def _choices(session: Session, keys: Sequence[Key], networks: Sequence[Network]) -> list[KeyChoice]:
    """Each address is compared once with each key, not once for each network."""
    pending = pending_of(session, [key.id for key in keys])
    own = addresses_of(session, {network.id for network in networks})
    every = [ip for network in networks for ip in own[network.id]]
    choices = []
    for key in keys:
        allowed = tuple(every)
        for cidrs in (cidrs_of(key), *pending[key.id]):
            allowed = coverage(cidrs, allowed).allowed
        there = [n for n in networks if n.account_id == key.account_id and not n.leaving]
        ips = {*allowed}
        matching = [n.name for n in there if own[n.id] and ips.issuperset(own[n.id])]
        usable = matching if names_addresses(key) else [network.name for network in there]
        choices.append(KeyChoice(key, matching, usable))
    return choices
