"""Two replicas behind nginx with TLS, on PostgreSQL, as docs/operations.md starts them.

The tests share a site and come in an order: the last ones end replicas, and then everything.
"""

import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Event

import httpx
import pytest
from sqlmodel import Session, col, func, select

from tests import plain_http
from tests.dashboard import PASSWORD, wait_for
from tests.deploy.rolling import load
from tests.deploy.site import HOST, NGINX, Site, watch
from tests.faults.proxy import Proxy, Rule, proxied
from tests.faults.world import allocations
from tests.sandbox.credentials import environment_of
from webapp.aws.clients import Clients
from webapp.browsers import HTTPS_SESSION_COOKIE
from webapp.db import now_s, temporary_engine
from webapp.edge.middleware import security_headers
from webapp.models import AccessToken, Lease, Nat, Network, Status
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.settings import Settings

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed: make nginx")

LEASE_S = 2.0
WITHIN_S = 5.0
"""A session that is ended is over everywhere; work goes on this long after its lease."""
HEADERS = security_headers(https=True)


@pytest.fixture(scope="module")
def aws(sandbox: Sandbox) -> Iterator[Proxy]:
    with proxied(sandbox.info.aws_endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def site(sandbox: Sandbox, aws: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    own = environment_of(sandbox, "nginx") | {
        "AWS_ENDPOINT_URL": aws.url,
        "EGRET_LEASE_S": str(LEASE_S),
        "EGRET_NAME_PREFIX": "nginx",
        "EGRET_POLL_S": "0.15",
        "EGRET_REGIONS": REGION,
        "PYTHONWARNINGS": "error",
    }
    with Site(sandbox, tmp_path_factory.mktemp("site"), own) as running:
        yield running


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[httpx.Client]:
    with closing(site.signed_in()) as browser:
        yield browser


@pytest.fixture
def rows(site: Site) -> Iterator[Session]:
    url = Settings(database_url=site.database).database
    with temporary_engine(url) as engine, Session(engine, expire_on_commit=False) as session:
        yield session


def invited(site: Site, ada: httpx.Client) -> httpx.Client:
    """The browser of a second administrator, who has followed the link."""
    answer = ada.post("/api/v1/users", json={"name": "grace", "role": "admin"})
    token = answer.raise_for_status().json()["link"].partition("token=")[2]
    browser = site.client()
    browser.post("/choose-password", data={"token": token, "password": f"{PASSWORD}, and more"})
    return browser


def has_each_once(headers: httpx.Headers) -> bool:
    return all(headers.get_list(name) == [value] for name, value in HEADERS.items())


def test_people_sign_in_by_https_alone(site: Site, ada: httpx.Client) -> None:
    plain = plain_http.get(f"{site.plain_url}/networks?after=x")
    assert plain.status_code == 308
    assert plain.headers["location"] == f"{site.url}/networks?after=x"
    on_the_other_port = plain_http.get(f"{site.url.replace('https', 'http')}/keys")
    assert on_the_other_port.headers["location"] == f"{site.url}/keys"
    assert HTTPS_SESSION_COOKIE in ada.cookies
    page = ada.get("/networks")
    assert page.status_code == 200
    assert has_each_once(page.headers), page.headers
    assert page.headers["cache-control"] == "no-store"


def test_a_program_that_calls_by_plain_http_is_told_so(site: Site) -> None:
    """It is not led on: then it would send its token so for ever."""
    for url in (site.plain_url, site.url.replace("https", "http")):
        answer = plain_http.get(f"{url}/api/v1/networks", headers={"Authorization": "Bearer x"})
        assert answer.status_code == 403
        assert site.url in answer.text
        assert "strict-transport-security" not in answer.headers


def test_the_api_answers_behind_nginx_too(ada: httpx.Client) -> None:
    made = ada.post("/api/v1/tokens", json={"name": "ci", "role": "viewer"})
    token = made.raise_for_status().json()["token"]
    ada_less = {"Authorization": f"Bearer {token}", "Cookie": ""}
    answer = ada.get("/api/v1/networks", headers=ada_less)
    assert answer.json()["items"] == []
    assert has_each_once(answer.headers)


def test_what_a_client_says_of_its_address_does_not_count(site: Site, ada: httpx.Client) -> None:
    lies = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    with site.client() as stranger:
        form = {"name": "ada", "password": "of somebody else, by far"}
        assert stranger.post("/sign-in", data=form, headers=lies).status_code == 422
    events = ada.get("/api/v1/audit-events").json()["items"]
    failure = next(event for event in events if event["action"] == "fail to sign in")
    assert failure["client_address"] == "127.0.0.1"


def test_what_nginx_answers_itself_has_the_same_headers(site: Site) -> None:
    with site.client() as client:
        large = client.post("/sign-in", content=b"x" * 1_300_000)
        hidden = client.get("/.own-answer")
    assert (large.status_code, hidden.status_code) == (413, 404)
    malformed = [site.said(f"{text}\n\n") for text in ("GET /a b HTTP/1.1\nHost: a", "NO HTTP")]
    assert all(answer.startswith("HTTP/1.1 400 ") for answer in malformed), malformed
    for name in HEADERS:
        assert name in large.headers
        assert name in hidden.headers
        assert all(f"\r\n{name}: " in answer for answer in malformed)


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 4\nTransfer-Encoding: chunked",
        "Content-Length: 4\nContent-Length: 30",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\nTransfer-Encoding: chunked",
    ],
)
def test_a_request_with_two_ends_is_refused(site: Site, lengths: str) -> None:
    """Otherwise a second request could hide in the body of the first (RFC 9112, 11.2)."""
    head = f"POST /sign-in HTTP/1.1\nHost: {HOST}:{site.ports[0]}\n{lengths}\n\n"
    answer = site.said(f"{head}0\n\nGET /smuggled HTTP/1.1\nHost: {HOST}\n\n")
    assert answer.startswith(("HTTP/1.1 400 ", "HTTP/1.1 501 ")), answer
    assert answer.count("HTTP/1.1 ") == 1
    assert "/smuggled" not in site.log


def test_tls_is_new_enough_with_recommended_ciphers_alone(site: Site) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with site.connected(minimum_version=version, maximum_version=version) as connection:
            assert connection.version() == version.name.replace("_", ".")
            cipher, _, _ = connection.cipher() or ("", "", 0)
            assert "GCM" in cipher or "POLY1305" in cipher
    for cipher in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA"):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.ports[0]}", "-tls1_2"]
        refused = subprocess.run(
            [*command, "-cipher", cipher], input=b"", capture_output=True, check=False
        )
        assert b"handshake failure" in refused.stderr
    old = [*command[:-1], "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    refused = subprocess.run(old, input=b"", capture_output=True, check=False)
    assert b"alert protocol version" in refused.stderr


def test_what_is_a_little_too_large_is_refused_by_egret_itself(ada: httpx.Client) -> None:
    """So pages and problems say what the limit is."""
    answer = ada.post("/api/v1/networks", content=b"x" * 200_000)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert ada.get(f"/networks?{'a' * 13_000}").status_code == 414


def test_a_session_that_another_admin_ends_is_over_on_all_replicas_with_its_streams(
    site: Site, ada: httpx.Client, rows: Session
) -> None:
    rows.add(
        Network(
            name="watched",
            status=Status.CREATING,
            region=REGION,
            cidr="10.9.0.0/16",
            availability_zones=1,
            nat=Nat.SINGLE,
            operation_id="op",
        )
    )
    rows.commit()
    grace = invited(site, ada)
    first, second = site.replicas
    watching = [grace, site.at(first, grace), site.at(second, grace)]
    begun = [Event() for _ in watching]
    with ThreadPoolExecutor(len(watching)) as pool:
        streams: list[Future[str]] = [*map(pool.submit, [watch] * 3, watching, begun)]
        assert all(event.wait(30) for event in begun), [each.done() for each in streams]
        (end,) = re.findall(r'"(/people/[^"]+/sessions/[^"]+/end)"', ada.get("/people/grace").text)
        with site.at(second, ada) as elsewhere:
            assert elsewhere.post(end).status_code == 303
        assert not any("event: done" in stream.result(WITHIN_S) for stream in streams)
    for browser in watching:
        with closing(browser):
            refused = browser.get("/networks")
        assert refused.status_code == 303
        assert refused.headers["location"].startswith("/sign-in")


def test_replicas_are_started_anew_at_fifty_requests_a_second_and_none_fails(
    site: Site, ada: httpx.Client, rows: Session
) -> None:
    tokens = select(func.count()).select_from(AccessToken).where(AccessToken.kind == "api")
    before = rows.exec(tokens).one()
    with load(site, ada) as became:
        site.restart()
    assert set(became) == {"read 200", "made 201"}, became
    rows.rollback()
    assert rows.exec(tokens).one() - before == became["made 201"], "one was made twice"


def test_nor_does_one_when_a_replica_had_ended(site: Site, ada: httpx.Client) -> None:
    """It is started first: the other one is the last that answers."""
    site.kill(site.replicas[1])
    wait_for(lambda: "has ended; 1 left" in site.log, 10)
    with load(site, ada) as became:
        site.restart()
    assert set(became) == {"read 200", "made 201"}, became


def lease_of(rows: Session, network_id: str) -> tuple[str, int, bool]:
    """Its owner, its fence, and whether it is held just now."""
    held = col(Lease.expires_at) > now_s()
    query = select(Lease.owner, Lease.fence, held).where(Lease.resource == f"network:{network_id}")
    found = rows.exec(query).one()
    rows.rollback()
    return found


def test_the_work_of_a_replica_that_is_killed_with_its_lease_is_taken_over_by_the_other(
    site: Site, ada: httpx.Client, rows: Session, aws: Proxy, clients: Clients
) -> None:
    """It dies in the middle of a call of AWS that is carried out. nginx goes on with the other."""
    before = allocations(clients, REGION)
    call = aws.add(Rule("AllocateAddress", "delay"))
    wish = {"name": "taken-over", "region": REGION, "availability_zones": 1}
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(ada.post, "/api/v1/networks", json=wish)
        assert call.seen.wait(30)
        network_id = rows.exec(select(Network.id).where(Network.name == "taken-over")).one()
        killed, fence, is_held = lease_of(rows, network_id)
        assert is_held
        os.kill(int(killed.rpartition(":")[2]), signal.SIGKILL)
        answer = pressed.result()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert set(answer.headers) >= {name.lower() for name in HEADERS}
    wait_for(lambda: lease_of(rows, network_id)[0] != killed, LEASE_S + WITHIN_S)
    assert lease_of(rows, network_id)[1] > fence

    path = "/api/v1/networks/taken-over"
    wait_for(lambda: ada.get(path).json()["status"] == "ready", 60)
    assert len(allocations(clients, REGION) - before) == 1
    stacks = clients.cloudformation(REGION).get_paginator("describe_stacks").paginate()
    names = [stack["StackName"] for page in stacks for stack in page["Stacks"]]
    assert names.count("nginx-network-taken-over") == 1
    its_own = {"result": "done", "name": "taken-over"}
    events = ada.get("/api/v1/audit-events", params=its_own).json()["items"]
    assert [each["action"] for each in events] == ["create"]
    assert {ada.get("/networks").status_code for _ in range(10)} == {200}
    wait_for(lambda: site.log.count("has ended; 1 left") == 2, 10)


def test_one_signal_ends_everything(site: Site) -> None:
    assert site.stop() == 0
    for port in site.ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    assert not (site.folder / "postgresql" / "postmaster.pid").exists()
    assert "Traceback" not in site.log
