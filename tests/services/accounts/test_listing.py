"""Pages of accounts: the own one among them, and what is in each."""

from sqlmodel import Session

from tests.services.accounts.test_details import an_account
from tests.services.rows import a_network, add
from webapp.lists.counts import COUNTED_MAX
from webapp.lists.keyset import Place
from webapp.scope import CloudScope
from webapp.services import accounts
from webapp.services.accounts.listing import MOST, contents, count_of, own_contents


def add_some(session: Session) -> None:
    names = ("bank", "shop", "zoo")
    add(session, *(an_account(name, number=f"{n:012}") for n, name in enumerate(names)))


def test_the_own_account_comes_first_on_the_first_page(offline: CloudScope) -> None:
    add_some(offline.session)
    first = accounts.page(offline, Place(limit=2))
    assert [each.name for each in first.rows] == ["own", "bank", "shop"]
    rest = accounts.page(offline, Place(after=first.next or "", limit=2))
    assert [each.name for each in rest.rows] == ["zoo"]
    assert count_of(offline.session).number == 4


def test_by_name_it_is_where_its_name_is(offline: CloudScope) -> None:
    add_some(offline.session)
    names, after = [], ""
    while True:
        page = accounts.by_name(offline, Place(after=after, limit=1))
        names += [each.name for each in page.rows]
        if page.next is None:
            break
        after = page.next
    assert names == ["bank", "own", "shop", "zoo"]


def test_what_is_in_an_account_is_counted_so_far_only(session: Session) -> None:
    shop = an_account("shop")
    add(session, shop, a_network())
    assert own_contents(session) == {"network": 1}
    assert contents(session, [shop.id]) == {shop.id: {}}
    assert MOST == COUNTED_MAX + 1
