"""What the proxy refuses, and what it forwards unchanged."""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
import pytest

from tests import plain_http
from tests.portal import partner_key
from tests.sandbox.conftest import REGION
from tests.sandbox.lab import Lab, function, role
from tests.tls_partner import HOST, KEY, TlsPartner, allowing
from webapp.aws.clients import Clients
from webapp.sandbox.doors import nat_password
from webapp.sandbox.launcher import ACCOUNT, Sandbox
from webapp.sandbox.nat_http import HEAD_MAX_BYTES
from webapp.sandbox.nat_ways_out import ADDRESS_OUTSIDE_VPCS

SHORT_TIMEOUT_S = 1.0
TIMEOUT_S = 10.0
ECHO = "http://echo.sandbox:443/"
API = "http://api.clashofclans.sandbox:443/v1"
RANKING = f"{API}/locations/32000006/rankings/clans"
NO_BODY = "GET http://echo.sandbox:443/ HTTP/1.1"


class Address(NamedTuple):
    host: str
    port: int
    secret: str

    def credentials(self, user: str) -> str:
        return f"{user}:{nat_password(self.secret, user)}"


@pytest.fixture(scope="module")
def name(clients: Clients) -> Iterator[str]:
    """A function outside any VPC, which has an address of AWS's own."""
    lab = Lab(clients, REGION)
    stack = lab.deployed({"Role": role(), "Function": function()}, {"Name": {"Ref": "Function"}})
    yield f"{ACCOUNT}.{REGION}.{stack.outputs['Name']}.-.-"
    lab.clean_up()


@pytest.fixture(scope="module")
def nat(sandbox: Sandbox) -> Address:
    def told(file: str) -> Any:
        return json.loads((sandbox.folder / file).read_text())

    return Address("127.0.0.1", told("ports.json")["nat"], told("credentials.json")["secret"])


def say(nat: Address, head: str, user: str = "", timeout_s: float = TIMEOUT_S) -> str:
    """What the proxy answers to that head."""
    credentials = base64.b64encode(nat.credentials(user).encode()).decode()
    named = [f"Proxy-Authorization: Basic {credentials}"] if user else []
    lines = "\r\n".join([*head.split("\n"), *named, "", ""])
    with socket.create_connection((nat.host, nat.port), timeout_s) as connection:
        connection.sendall(lines.encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")


def through(nat: Address, user: str, timeout_s: float = TIMEOUT_S) -> httpx.Client:
    proxy = f"http://{nat.credentials(user)}@{nat.host}:{nat.port}"
    return plain_http.Client(proxy=proxy, timeout=timeout_s, trust_env=False)


def test_a_function_without_a_vpc_has_an_address_of_aws(nat: Address, name: str) -> None:
    with through(nat, name) as client:
        assert client.get(ECHO).text == f"{ADDRESS_OUTSIDE_VPCS}\n"


def test_a_query_and_an_error_of_the_partner_pass_unchanged(
    nat: Address, name: str, sandbox: Sandbox
) -> None:
    key = partner_key(sandbox, [f"{ADDRESS_OUTSIDE_VPCS}/32"])
    authorised = {"Authorization": f"Bearer {key}"}
    with through(nat, name) as client:
        page = client.get(f"{RANKING}?limit=5&after=eyJwb3MiOjV9", headers=authorised)
        refused = client.get(f"{RANKING}?limit=", headers={"Authorization": "Bearer no"})
    assert [clan["rank"] for clan in page.json()["items"]] == [6, 7, 8, 9, 10]
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/json")


def test_a_connection_that_the_partner_closes_is_closed_for_the_function_too(
    nat: Address, name: str, sandbox: Sandbox
) -> None:
    faults = f"{sandbox.info.partner_url}/sandbox/faults"
    plain_http.post(faults, json={"mode": "reset"}).raise_for_status()
    try:
        with through(nat, name) as client, pytest.raises(httpx.RemoteProtocolError):
            client.get(RANKING)
    finally:
        plain_http.post(faults, json={"mode": "none"}).raise_for_status()


def test_a_dropped_request_delays_no_other_request(nat: Address, name: str) -> None:
    def is_dropped(_: int) -> bool:
        stranger = f"{ACCOUNT}.{REGION}.stranger.subnet-1.sg-1"
        with through(nat, stranger, SHORT_TIMEOUT_S) as client, pytest.raises(httpx.ReadTimeout):
            client.get(ECHO)
        return True

    with ThreadPoolExecutor(30) as pool, through(nat, name) as client:
        dropped = pool.map(is_dropped, range(30))
        assert client.get(ECHO).status_code == 200
        assert all(dropped)


def test_a_tls_tunnel_is_refused_with_the_reason(nat: Address, name: str) -> None:
    credentials = base64.b64encode(nat.credentials(name).encode()).decode()
    connection = http.client.HTTPSConnection(nat.host, nat.port, timeout=TIMEOUT_S)
    connection.set_tunnel(
        "api.clashofclans.sandbox", headers={"Proxy-Authorization": f"Basic {credentials}"}
    )
    with pytest.raises(OSError, match="plain HTTP only"):
        connection.request("GET", "/v1/locations")
    connection.close()
    assert "does not know this host" in say(nat, "CONNECT api.clashofclans.com:443 HTTP/1.1", name)


def test_a_configured_host_is_reached_over_tls(
    nat: Address, name: str, tls_partner: TlsPartner
) -> None:
    """It checks the certificate's name, and the partner learns the source address."""
    context = ssl.create_default_context(cafile=tls_partner.certificate)
    proxy = f"http://{nat.credentials(name)}@{nat.host}:{nat.port}"
    with httpx.Client(proxy=proxy, verify=context, trust_env=False) as client:
        refused = client.get(f"https://{HOST}/items?n=1")
        with allowing(tls_partner, ADDRESS_OUTSIDE_VPCS):
            answer = client.post(f"https://{HOST}/items", headers={"X-Api-Key": KEY}, content=b"7")
    assert refused.json() == {"message": f"IP {ADDRESS_OUTSIDE_VPCS} is not on the whitelist"}
    assert answer.json()["method"] == "POST"
    assert [call.body for call in tls_partner.calls[-2:]] == [b"", b"7"]
    assert say(nat, f"CONNECT {HOST}:8443 HTTP/1.1", name).startswith("HTTP/1.1 501 The sandbox")
    dropped = f"{name.rpartition('.')[0]}.subnet-1"
    with pytest.raises(TimeoutError):
        say(nat, f"CONNECT {HOST}:443 HTTP/1.1", dropped, timeout_s=SHORT_TIMEOUT_S)


def test_a_caller_must_name_its_function(nat: Address) -> None:
    assert say(nat, NO_BODY).startswith("HTTP/1.1 403 ")
    assert say(nat, NO_BODY, "just-a-name").startswith("HTTP/1.1 403 ")
    assert say(nat, f"{NO_BODY}\nProxy-Authorization: Basic é").startswith("HTTP/1.1 403 ")


def test_a_caller_must_know_the_password_of_its_name(nat: Address, name: str) -> None:
    for password in ("x", "", nat.secret, nat_password(nat.secret, f"{name}x")):
        wrong = base64.b64encode(f"{name}:{password}".encode()).decode()
        answer = say(nat, f"{NO_BODY}\nProxy-Authorization: Basic {wrong}")
        assert answer.startswith("HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "header",
    [
        "Host: evil.example",
        "Origin: https://evil.example",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_what_a_web_page_sends_is_refused(nat: Address, name: str, header: str) -> None:
    assert say(nat, NO_BODY, name).startswith("HTTP/1.1 200 ")
    assert say(nat, f"{NO_BODY}\n{header}", name).startswith("HTTP/1.1 403 ")
    assert say(nat, f"GET / HTTP/1.1\n{header}", name).startswith("HTTP/1.1 403 ")


def test_a_name_outside_the_sandbox_does_not_resolve(nat: Address, name: str) -> None:
    answer = say(nat, "GET http://partner.example:443/ HTTP/1.1", name)
    assert answer.startswith("HTTP/1.1 502 ")
    assert "partner.example does not resolve" in answer


@pytest.mark.parametrize(
    "head",
    [
        "nonsense",
        f"{NO_BODY}\nContent-Length: -1",
        f"{NO_BODY}\nContent-Length: 99999999",
        f"{NO_BODY}\nTransfer-Encoding: chunked",
        f"{NO_BODY}\nX-Long: {'x' * HEAD_MAX_BYTES}",
        "GET http://echo.sandbox:port/ HTTP/1.1",
    ],
)
def test_a_malformed_request_is_refused(nat: Address, name: str, head: str) -> None:
    assert say(nat, head, name).startswith("HTTP/1.1 400 ")
