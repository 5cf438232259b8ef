"""Forms of a long installation: what cannot all be listed can be typed, and lists keep their
filters from page to page."""

import re
from typing import Any

import pytest
from sqlmodel import Session

from tests.services.accounts.test_details import an_account
from tests.services.many import add_many
from tests.services.rows import a_network, add, an_address
from webapp.models import AddressStatus, Status

MANY = 60


def names_in(page: str, noun: str) -> list[str]:
    return re.findall(rf'<a class="name" href="/{noun}s/([^"]+)"', page)


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"#]*)', page)
    return found[1].replace("&amp;", "&") if found else ""


@pytest.fixture
def many(session: Session) -> None:
    add_many(session, 1, MANY)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("noun", ["network", "function", "key"])
def test_a_list_is_read_page_by_page_with_its_filters(signed_in: Any, noun: str) -> None:
    path = f"/{noun}s?q={noun}-&status=ready"
    first = signed_in.get(path).text
    assert names_in(first, noun) == [f"{noun}-{n:05}" for n in range(1, 51)]
    assert f"{MANY} of {MANY}" in first
    assert link(first, "prev") == ""
    second = signed_in.get(f"/{noun}s{link(first, 'next')}").text
    assert names_in(second, noun) == [f"{noun}-{n:05}" for n in range(51, MANY + 1)]
    assert f'value="{noun}-"' in second
    assert link(second, "next") == ""
    assert signed_in.get(f"/{noun}s{link(second, 'prev')}").text.count('class="name"') == 50
    assert "Nothing matches this search." in signed_in.get(f"/{noun}s?q=x").text


@pytest.mark.usefixtures("many")
def test_addresses_are_searched_by_themselves_and_their_names(
    signed_in: Any, session: Session
) -> None:
    add(session, an_address(ip="198.51.100.1", name="Spare one"))
    shown = signed_in.get("/addresses?q=Spare").text
    assert shown.count('id="address-') == 1
    assert "198.51.100.1" in shown
    assert signed_in.get("/addresses?q=198.51").text.count('id="address-') == 1
    assert signed_in.get("/addresses?status=free").text.count('id="address-') == 1
    assert signed_in.get("/addresses?in=us-east-1").text.count('id="address-') == 0
    first = signed_in.get("/addresses").text
    assert (first.count('id="address-'), "198.51.100.1" in first) == (50, False)


@pytest.mark.usefixtures("many")
def test_a_link_to_an_address_leads_to_the_page_that_has_it(
    signed_in: Any, session: Session
) -> None:
    last = an_address(ip="198.51.100.1")
    add(session, last)
    shown = signed_in.get(last.page).text
    assert f'id="address-{last.id}"' in shown
    assert 'id="address-a1"' in signed_in.get("/addresses?from=a1").text
    assert 'id="address-a1"' in signed_in.get("/addresses?from=gone").text


@pytest.mark.usefixtures("many")
def test_of_many_networks_and_keys_the_names_are_typed(signed_in: Any) -> None:
    form = signed_in.get("/functions/new").text
    assert '<name-search data-source="/api/v1/networks?status=ready">' in form
    assert form.count('<option value="network-') == form.count('<option value="key-') == 50
    sent = {"template": "clash_rankings", "name": "late", "network": "network-00055"}
    sent |= {"key": "key-00056", "settings.location": "32000006", "settings.limit": "10"}
    refused = signed_in.post("/functions", data=sent)
    assert refused.status_code == 422
    assert "This key does not allow 52.0.55.1." in refused.text
    assert 'value="network-00055"' in refused.text
    assert 'value="key-00056"' in refused.text
    edit = signed_in.get("/functions/function-00060/edit").text
    assert 'value="network-00060"' in edit
    assert "Look it up in the list" in edit


def test_a_free_address_that_is_not_listed_can_be_typed(signed_in: Any, session: Session) -> None:
    rows = [an_address(ip=f"203.0.113.{number}") for number in range(MANY)]
    add(session, *rows)
    form = signed_in.get("/networks/new").text
    assert form.count('name="addresses"') == 51
    assert "Another free address" in form
    sent = {"name": "late", "region": rows[55].region, "addresses": [rows[55].public_ip]}
    asked = signed_in.post("/networks", data=sent).text
    assert "Could not connect" in asked, "it is accepted, and AWS is asked next"
    refused = signed_in.post("/networks", data=sent | {"region": "us-east-1"})
    assert "One of these is not free there." in refused.text


def test_of_many_accounts_the_name_is_typed(signed_in: Any, session: Session) -> None:
    names = [f"account-{number:02}" for number in range(MANY)]
    add(session, *(an_account(name, number=f"{n:012}") for n, name in enumerate(names)))
    for path, fields in (("/networks/new", 1), ("/keys/new", 1), ("/addresses", 2)):
        form = signed_in.get(path).text
        assert form.count('<option value="account-') == 50 * fields, path
        assert '<select id="account"' not in form


@pytest.mark.usefixtures("many")
def test_the_overview_of_many_shows_some_of_each(signed_in: Any, session: Session) -> None:
    add(session, a_network("failed", status=Status.FAILED, reason="no room"))
    add(session, an_address(ip="198.51.100.1", status=AddressStatus.FREE))
    page = signed_in.get("/").text
    assert names_in(page, "network") == ["failed"] + [f"network-{n:05}" for n in range(1, 10)]
    assert f'<dd class="total">{MANY + 1}</dd>' in page
    assert f"{MANY} ready, 1 with problems" in page
