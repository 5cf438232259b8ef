"""Any partner by the API alone: a server of the test that checks key and source address over TLS,
called by a function of each of the two templates for that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests import plain_http
from tests.dashboard import TIMEOUT_S, Api, Dashboard
from tests.portal import addresses_of
from tests.tls_partner import HOST, KEY, ROWS, Call, TlsPartner, allowing
from tests.tokens import mint

NETWORK, NAME, RELAY = "abroad", "items", "payments"
READ = {
    "url": f"https://{HOST}/{{kind}}/list?n={{n}}",
    "parameters": [
        {"name": "kind", "pattern": "[a-z]{1,20}", "default": "items"},
        {"name": "n", "pattern": "[0-9]{1,3}"},
    ],
    "max_kib": 1024,
}
PASS_ON = {
    "url": f"https://{HOST}/v1",
    "methods": ["POST", "DELETE"],
    "paths": ["/payments", "/payments/[0-9]{1,4}"],
    "check_path": "/accounts",
}
OWN_PATH = "/v1/accounts"


@dataclass
class Abroad:
    """A function of each template; `refused` is what one got before it was whitelisted."""

    api: Api
    partner: TlsPartner
    ip: str
    urls: dict[str, str]
    refused: dict[str, Any]

    @property
    def calls(self) -> list[Call]:
        """Those that arrived, but for Egret's own of the relay, which may come at any moment."""
        return [call for call in self.partner.calls if call.path != OWN_PATH]

    def get(self, **parameters: str) -> httpx.Response:
        return plain_http.get(self.urls[NAME], params=parameters, timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def abroad(dashboard: Dashboard, tls_partner: TlsPartner) -> Iterator[Abroad]:
    api = dashboard.api()
    network = {"name": NETWORK, "region": "eu-central-1", "availability_zones": 1}
    api.post("/networks", network).raise_for_status()
    (ip,) = addresses_of(api.settled(f"/networks/{NETWORK}"))
    key = {"name": "abroad", "kind": "header", "sent_as": "X-Api-Key", "secret": f"{KEY}\n"}
    api.post("/keys", key).raise_for_status()
    both = {"network": NETWORK, "key": "abroad", "access": "open"}
    for name, template, settings in ((NAME, "http_json", READ), (RELAY, "http_relay", PASS_ON)):
        new = both | {"name": name, "template": template, "settings": settings}
        api.post("/functions", new).raise_for_status()
    urls = {name: str(api.settled(f"/functions/{name}")["endpoint_url"]) for name in (NAME, RELAY)}
    refused = api.post(f"/functions/{NAME}/snapshots").json()
    with allowing(tls_partner, ip):
        yield Abroad(api, tls_partner, ip, urls, refused)
    for name in (NAME, RELAY):
        api.delete(f"/functions/{name}").raise_for_status()
    for name in (NAME, RELAY):
        api.gone(f"/functions/{name}")
    api.delete("/keys/abroad").raise_for_status()
    api.delete(f"/networks/{NETWORK}").raise_for_status()
    api.gone(f"/networks/{NETWORK}")


def test_before_the_address_is_whitelisted_the_refusal_names_it(abroad: Abroad) -> None:
    assert not abroad.refused["ok"]
    assert abroad.refused["egress_ip"] == abroad.ip
    assert f"IP {abroad.ip} is not on the whitelist" in abroad.refused["problem"]
    assert f"belongs to the network {NETWORK}" in abroad.refused["problem"]


def test_the_partners_rows_come_from_the_whitelisted_address(abroad: Abroad) -> None:
    fetched = abroad.api.post(f"/functions/{NAME}/snapshots").json()
    assert (fetched["ok"], fetched["egress_ip"]) == (True, abroad.ip), fetched["problem"]
    assert 0 < fetched["ttl_s"] <= 77
    assert abroad.api.get(f"/functions/{NAME}/preview").json() == {"items": ROWS}
    call = abroad.calls[-1]
    assert (call.path, call.source, call.headers["X-Api-Key"]) == ("/items/list", abroad.ip, KEY)


def test_a_caller_fills_in_its_parameters_and_nothing_else(abroad: Abroad) -> None:
    before = len(abroad.calls)
    assert abroad.get(kind="things", n="7").json() == {"items": ROWS}
    assert abroad.calls[-1].path == "/things/list?n=7"
    for parameters in ({"kind": "UP"}, {"kind": "../x"}, {"n": "7x"}, {"other": "1"}):
        refused = abroad.get(**parameters)
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
    assert len(abroad.calls) == before + 1


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("elsewhere", 502, "partner_redirect"),
        ("huge", 502, "partner_too_large"),
        ("page", 502, "partner_not_json"),
        ("cut", 502, "partner_not_json"),
        ("drip", 504, "partner_timeout"),
    ],
)
def test_what_a_partner_does_wrong_is_reported_as_what_it_is(
    abroad: Abroad, kind: str, status: int, code: str
) -> None:
    answer = abroad.get(kind=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text


def test_the_last_good_table_stays_when_the_partner_refuses(abroad: Abroad) -> None:
    assert abroad.api.post(f"/functions/{NAME}/snapshots").json()["ok"]
    abroad.partner.allowed.remove(abroad.ip)
    failed, told = abroad.api.post(f"/functions/{NAME}/snapshots").json(), abroad.get(kind="others")
    abroad.partner.allowed.add(abroad.ip)
    assert "does not allow this address" in failed["problem"]
    assert (told.status_code, told.headers["x-upstream-status"]) == (403, "403")
    assert abroad.api.get(f"/functions/{NAME}/preview").json() == {"items": ROWS}


def test_a_payment_is_passed_on_with_its_body_and_without_the_callers_secrets(
    abroad: Abroad,
) -> None:
    url = f"{abroad.urls[RELAY].rstrip('/')}/payments"
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": "k1",
        "Authorization": "Bearer of-the-caller",
        "Cookie": "a=b",
    }
    paid = plain_http.post(url, content=b'{"amount": 7}', headers=headers, timeout=TIMEOUT_S)
    assert (paid.status_code, paid.json()) == (201, {"id": "p1", "method": "POST"})
    call = abroad.calls[-1]
    assert (call.path, call.body, call.source) == ("/v1/payments", b'{"amount": 7}', abroad.ip)
    assert (call.headers["X-Api-Key"], call.headers["Idempotency-Key"]) == (KEY, "k1")
    assert not {"Authorization", "Cookie"} & call.headers.keys()
    assert plain_http.delete(f"{url}/12", timeout=TIMEOUT_S).json()["method"] == "DELETE"


def test_a_path_or_method_that_is_not_allowed_never_reaches_the_partner(abroad: Abroad) -> None:
    base, before = abroad.urls[RELAY].rstrip("/"), len(abroad.calls)
    assert plain_http.post(f"{base}/accounts", timeout=TIMEOUT_S).status_code == 404
    assert plain_http.post(f"{base}/payments/%2e%2e", timeout=TIMEOUT_S).status_code in (404, 422)
    assert plain_http.put(f"{base}/payments", timeout=TIMEOUT_S).status_code == 405
    assert len(abroad.calls) == before


def test_a_key_that_a_template_cannot_send_is_refused(abroad: Abroad) -> None:
    new = {"name": "ranks", "template": "clash_rankings", "network": NETWORK, "key": "abroad"}
    refused = abroad.api.post("/functions", new)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_kind_of_key")
    assert "of the kind header" in refused.json()["errors"]["key"]
    key = {"name": "of-the-game", "secret": mint(cidrs=[abroad.ip])}
    abroad.api.post("/keys", key).raise_for_status()
    changed = abroad.api.patch(f"/functions/{NAME}", {"key": "of-the-game"})
    assert (changed.status_code, changed.json()["code"]) == (409, "wrong_kind_of_key")
    abroad.api.delete("/keys/of-the-game").raise_for_status()
