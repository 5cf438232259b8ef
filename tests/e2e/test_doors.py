"""A page of another site, in a real browser, and a function's code get in nowhere."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page

from tests import plain_http
from tests.answering import answering
from tests.dashboard import Dashboard
from tests.e2e.conftest import REBOUND
from tests.sandbox.inside import READ, inside_of, private_to
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import REGION, Sandbox

VPC = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.251.0.0/16"
KEY = json.dumps({"name": "foreign", "cidrRanges": ["203.0.113.7"], "scopes": ["clash"]})
FETCH = """([url, kind, body]) => {
  const headers = kind ? {"content-type": kind} : {};
  fetch(url, {method: "POST", mode: "no-cors", credentials: "include", headers, body});
}"""
FORM = """([url, kind, body]) => {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action: url, enctype: kind});
  for (const [name, value] of new URLSearchParams(body)) {
    const field = Object.assign(document.createElement("input"), {type: "hidden", name, value});
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""


class Nothing(BaseHTTPRequestHandler):
    """A site with an empty page, on which its owner may run what they like."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Nothing)) as server:
        yield f"http://localhost:{server.server_port}/"


@pytest.fixture
def doors(sandbox: Sandbox) -> dict[str, tuple[str, str]]:
    """Each port of the sandbox, and what would change something behind it."""
    ports = json.loads((sandbox.folder / "ports.json").read_text())
    portal = f"127.0.0.1:{ports['partner']}/api/apikey/create"
    return {
        "embedded AWS": (f"127.0.0.1:{ports['embedded_aws']}/", VPC),
        "NAT": (f"127.0.0.1:{ports['nat']}/", VPC),
        "portal": (portal, KEY),
        "portal, beside its page": (portal.replace("/api/", "/portal/api/", 1), KEY),
    }


def status(page: Page, script: str, url: str, kind: str, body: str) -> int:
    """What the browser was answered, which the page that asked may not see."""
    with page.expect_response(url) as answered:
        page.evaluate(script, [url, kind, body])
    return answered.value.status


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (FETCH, "application/x-www-form-urlencoded"),
        (FETCH, "text/plain"),
        (FORM, "application/x-www-form-urlencoded"),
        (FORM, "text/plain"),
    ],
)
def test_a_page_of_another_site_is_refused(
    context: BrowserContext,
    elsewhere: str,
    doors: dict[str, tuple[str, str]],
    script: str,
    kind: str,
) -> None:
    for name, (address, body) in doors.items():
        page = context.new_page()
        page.goto(elsewhere)
        assert status(page, script, f"http://{address}", kind, body) == 403, name


def test_a_name_that_was_rebound_to_this_machine_is_refused(
    context: BrowserContext, doors: dict[str, tuple[str, str]]
) -> None:
    """The browser takes the port for the page's own site, and lets the page read the answers."""
    page = context.new_page()
    for name, (address, body) in doors.items():
        url = f"http://{address}".replace("127.0.0.1", REBOUND)
        opened = page.goto(url[: url.index("/", len("http://"))])
        assert opened
        assert opened.status == 403, name
        assert status(page, FETCH, url, "text/plain", body) == 403, name


def test_nothing_was_made_by_them(sandbox: Sandbox, clients: Clients) -> None:
    vpcs = clients.ec2(REGION).describe_vpcs()["Vpcs"]
    assert "10.251.0.0/16" not in {vpc["CidrBlock"] for vpc in vpcs}
    keys = plain_http.post(f"{sandbox.info.partner_url}/api/apikey/list").json()["keys"]
    assert "foreign" not in {key["name"] for key in keys}


def test_a_functions_code_reads_nothing_of_the_dashboards(
    fresh: Dashboard, clients: Clients
) -> None:
    assert fresh.process
    paths = [fresh.data_dir, fresh.data_dir / "egret.db"]
    with inside_of(clients) as inside:
        found = inside.run(READ, paths=[*map(str, paths), *private_to(fresh.process.pid)])
    assert found["read"] == []
