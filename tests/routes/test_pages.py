"""What pages show of networks, addresses and functions that are in trouble."""

import re
from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, add, an_address, an_event
from webapp.models import Address, AddressStatus, Function, Key, Network, Proof, Snapshot, Status
from webapp.models.network import UNDELETED_NAT_GATEWAY_IDS
from webapp.services import addresses

IP = "203.0.113.77"
DASH = "\u2013"


@pytest.fixture
def network(session: Session) -> Network:
    outputs = {"AvailabilityZones": "eu-central-1a", "PrivateSubnetIds": "subnet-1,subnet-2"}
    made = a_network("troubled", status=Status.PARKED, outputs=outputs)
    add(session, made, an_address(made, IP))
    return made


def test_a_parked_network_says_why_it_could_not_be_unparked(
    signed_in: Any, session: Session, network: Network
) -> None:
    network.reason, network.remedy = "NatGateway1: it failed.", "Read the reason."
    session.commit()
    page = signed_in.get("/networks/troubled").text
    assert "NatGateway1: it failed." in page
    assert "Read the reason." in page
    network.outputs = network.outputs | {UNDELETED_NAT_GATEWAY_IDS: "nat-7"}
    session.commit()
    nat = {"physical_id": "nat-7", "resource_type": "AWS::EC2::NatGateway"}
    add(session, an_event(network, "DELETE_FAILED", **nat))
    page = signed_in.get("/networks/troubled").text
    assert all(part in page for part in ("NAT gateway nat-7, 32.85 USD", "36.50 USD", "/attempts"))


def test_a_parked_network_counts_as_made(
    signed_in: Any, session: Session, network: Network
) -> None:
    assert "1 of 4 done" in signed_in.get("/").text
    network.outputs = {}
    session.commit()
    assert "0 of 4 done" in signed_in.get("/").text


def test_a_lost_address_is_an_alarm_and_not_offered_for_whitelisting(
    signed_in: Any, session: Session, network: Network
) -> None:
    pages = ("/", "/networks", "/networks/troubled", "/networks/troubled/whitelist")
    for path in pages:
        assert f'data-copy="{IP}' in signed_in.get(path).text, path
    (address,) = addresses.of_network(session, network.id)
    address.status = AddressStatus.LOST
    session.commit()
    for path in ("/networks/troubled", "/networks/troubled/whitelist"):
        assert f"{IP} of troubled is lost" in signed_in.get(path).text
    for path in pages:
        assert f'data-copy="{IP}' not in signed_in.get(path).text, path
    assert f"{IP} of troubled was released outside Egret" in signed_in.get("/").text


@pytest.fixture
def function(session: Session, network: Network) -> Function:
    key = Key(
        name="k",
        partner="clash_of_clans",
        region=network.region,
        secret_arn="arn",
        kms_key_arn="arn",
        fingerprint="f",
    )
    session.add(key)
    session.flush()
    made = Function(
        name="troubled",
        status=Status.READY,
        template="clash_rankings",
        network_id=network.id,
        key_id=key.id,
        settings={"location": "32000006", "limit": 10},
        outputs={"SubnetIds": "subnet-1"},
    )
    session.add(made)
    session.commit()
    return made


def test_a_function_that_could_not_follow_its_network_can_be_told_to_try_again(
    signed_in: Any, session: Session, function: Function
) -> None:
    function.reason = "Function: it failed."
    session.commit()
    page = signed_in.get("/functions/troubled").text
    assert "Function: it failed." in page
    assert 'action="/functions/troubled/attempts"' in page


def test_what_a_partner_left_out_is_a_dash_wherever_it_is_shown(
    signed_in: Any, session: Session, function: Function
) -> None:
    body = b'{"items": [{"name": null, "clanLevel": null, "rank": null}, {"rank": 2}]}'
    session.add(Snapshot(function_id=function.id, ok=True, body=body))
    session.commit()
    for path in ("/functions/troubled", "/"):
        table = signed_in.get(path).text.partition('class="ranking">')[2].partition("</table")[0]
        assert f"<bdi>{DASH}</bdi>" in table
        assert f"<code>{DASH}</code> · level {DASH} · {DASH} members" in table
        assert table.count(f'<td class="number">{DASH}') == 2, "the points"
        assert "None" not in table
        assert re.findall(r'class="rank">(\S+)', table) == [DASH, "2"]


def add_proofs(session: Session, network: Network, **seen: str | None) -> None:
    network.status, network.availability_zones = Status.READY, len(seen)
    network.outputs = network.outputs | {"AvailabilityZones": ",".join(seen)}
    for zone, ip in seen.items():
        proof = Proof(network_id=network.id, availability_zone=zone, expected_ip=IP, seen_ip=ip)
        session.add(proof)
    session.commit()


EVERYWHERE = (
    "/",
    "/overview",
    "/networks",
    "/networks/troubled",
    "/functions",
    "/functions/troubled",
    "/addresses",
)


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        ({"a": None, "b": "198.51.100.1"}, "All zones broken"),
        ({"a": IP, "b": None}, "1 of 2 zones broken"),
    ],
)
def test_a_network_in_alarm_and_its_functions_are_not_green_anywhere(
    signed_in: Any, session: Session, function: Function, zones: dict[str, str | None], said: str
) -> None:
    network = session.get_one(Network, function.network_id)
    add_proofs(session, network, a=IP, b=IP)
    green = 'class="badge ok"'
    assert all(green in signed_in.get(path).text for path in EVERYWHERE)
    add_proofs(session, network, **zones)
    for status in (Status.READY, Status.UPDATING):
        network.status = status
        session.commit()
        for path in EVERYWHERE:
            page = signed_in.get(path).text
            assert said in page, path
            badges = page.count(green) - page.count("Verified</span>")
            assert badges == 0, path


def test_a_tab_and_what_is_announced_tell_what_is_wrong(
    signed_in: Any, session: Session, network: Network
) -> None:
    for status, seen, title in (
        (Status.READY, IP, "Ready: troubled"),
        (Status.READY, None, "Zone broken: troubled"),
        (Status.UPDATING, None, "Updating, Zone broken: troubled"),
        (Status.FAILED, None, "Failed: troubled"),
    ):
        add_proofs(session, network, a=seen)
        network.status = status
        session.commit()
        page = signed_in.get("/networks/troubled").text
        assert f"<title>{title} · Egret</title>" in page
        assert f'data-title="{title}"' in page


def test_the_tab_of_a_function_tells_that_its_calls_fail(
    signed_in: Any, session: Session, function: Function
) -> None:
    session.add(Snapshot(function_id=function.id, ok=False, problem="No answer."))
    session.commit()
    page = signed_in.get("/functions/troubled").text
    assert "<title>Calls fail: troubled · Egret</title>" in page
    assert 'data-title="Calls fail: troubled"' in page


def test_an_open_page_is_told_of_a_change(
    signed_in: Any, session: Session, network: Network
) -> None:
    before = signed_in.get("/changes").text
    assert signed_in.get("/changes").text == before
    add_proofs(session, network, a=None)
    assert signed_in.get("/changes").text != before


def test_what_has_failed_is_counted_as_a_problem(
    signed_in: Any, session: Session, function: Function
) -> None:
    network = session.get_one(Network, function.network_id)
    network.status = Status.FAILED
    session.commit()
    page = signed_in.get("/overview").text
    assert page.count("0 ready, 1 with problems") == 2
    assert "Network failed" in page


def test_one_broken_zone_of_two_is_shown_as_that(
    signed_in: Any, session: Session, network: Network
) -> None:
    add_proofs(session, network, a=IP, b=None)
    page = signed_in.get("/networks/troubled").text
    assert "1 of 2 zones of troubled is broken: calls from b don't come" in page
    assert "Calls from a do." in page
    assert page.count('class="wire broken"') == 1
    assert "The wire from b is broken." in page
    assert "but those from a do" in signed_in.get("/").text
    for seen, broken in ((IP, 0), (None, 1)):
        add_proofs(session, network, a=seen, b=IP)
        assert signed_in.get("/networks/troubled").text.count('class="wire broken"') == broken


def test_a_function_whose_calls_fail_is_not_green_anywhere(
    signed_in: Any, session: Session, function: Function
) -> None:
    network = session.get_one(Network, function.network_id)
    network.status = Status.PARKED
    session.add(Snapshot(function_id=function.id, ok=True, body=b"{}"))
    session.commit()
    assert "Network parked" in signed_in.get("/functions").text
    add_proofs(session, network, a=IP)
    session.add(Snapshot(function_id=function.id, ok=False, problem="No answer."))
    session.commit()
    for path in ("/", "/overview", "/functions", "/functions/troubled"):
        page = signed_in.get(path).text
        assert "Calls fail" in page, path
        assert page.count("Ready</span>") == (1 if path in ("/", "/overview") else 0), path


def test_a_second_origin_is_refused_at_its_field_and_not_dropped(
    signed_in: Any, session: Session, function: Function
) -> None:
    session.get_one(Network, function.network_id).status = Status.READY
    session.commit()
    form = {"name": "web", "template": "clash_rankings", "network": "troubled", "key": "k"}
    origins = "https://a.example, https://b.example"
    answer = signed_in.post("/functions", data=form | {"cors_origins": origins})
    assert answer.status_code == 422
    assert 'href="#cors_origins">Only one origin can be allowed' in answer.text
    assert f'value="{origins}"' in answer.text


def test_zones_that_are_not_as_many_as_wanted_come_back_with_the_reason(signed_in: Any) -> None:
    form = {"name": "named", "region": "eu-central-1", "zones": "eu-central-1a"}
    answer = signed_in.post("/networks", data=form | {"availability_zones": "2"})
    assert answer.status_code == 422
    assert "You named 1 zone but chose 2." in answer.text
    assert 'value="eu-central-1a"' in answer.text
    assert "<details open>" in answer.text


def test_addresses_that_no_network_uses_are_one_line_of_the_overview(
    signed_in: Any, session: Session, network: Network
) -> None:
    for position in range(3):
        idle = Address(region=network.region, public_ip=f"203.0.113.{position}")
        idle.status = AddressStatus.FREE
        session.add(idle)
    session.commit()
    page = signed_in.get("/").text
    assert page.count("not used by any network") == 1
    assert "3 addresses are not used by any network and cost 10.95 USD per month." in page


def test_a_deleted_network_leaves_a_word_for_the_list(signed_in: Any) -> None:
    stream = signed_in.get("/networks/gone/stream").text
    assert "event: gone\ndata: /networks\ndata: gone was deleted." in stream


def test_the_picture_says_in_words_which_wire_a_lost_address_breaks(
    signed_in: Any, session: Session
) -> None:
    network = a_network("bank", outputs={"AvailabilityZones": "eu-central-1a"})
    add(session, network, an_address(network, IP, status=AddressStatus.LOST))
    page = signed_in.get("/networks/bank").text
    assert page.count('class="wire broken"') == 1
    assert "The wire from the NAT gateway in eu-central-1a is broken: its address is lost." in page
