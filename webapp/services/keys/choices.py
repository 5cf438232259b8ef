"""The keys that a function's form offers, with the networks that each may be used in."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session, col, select

from webapp.lists.keyset import ROWS_PER_PAGE, Offer, Page
from webapp.models import Key, Network
from webapp.services.keys.details import KeyDetail, details_of
from webapp.services.keys.listing import EVERY, Wanted
from webapp.services.keys.matching import concerned, match_each


def offered(
    session: Session, networks: Sequence[Network], wanted: Wanted = EVERY, *, key: str, network: str
) -> Offer[KeyDetail]:
    """The first ones by name, as they match the networks; with the key of that name, and where
    there are more, with those that concern the network of that name."""
    query = select(Key).where(*wanted.conditions()).order_by(col(Key.name))
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
    matches = match_each(session, keys, networks)
    details = details_of(session, keys)
    return Offer([replace(each, matches=Page(matches[each.key.id])) for each in details], more)
