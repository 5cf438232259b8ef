"""Nothing leaves but plain https to a public address of a host on the purpose's list."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fast import thorough
from tests.outbound.origin import Origin, response, running
from tests.outbound.test_urls import HOSTILE
from tests.spans import attributes, kept
from tests.tls_partner import HOST, make_certificate
from webapp.errors import Invalid, Upstream
from webapp.outbound import Outbound, Purpose
from webapp.outbound.client import HEADERS_MAX
from webapp.outbound.wire import dial

PUBLIC = "93.184.216.34"
URL = f"https://{HOST}/a?b=c"
PURPOSE = Purpose("tests", lambda: {HOST}, total_s=10.0, body_max_bytes=4096)
HASTY = Purpose("tests", lambda: {HOST}, total_s=0.3)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def origin() -> Iterator[Origin]:
    with running() as served:
        yield served


@pytest.fixture
def tls_origin(certificate: tuple[Path, Path]) -> Iterator[Origin]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with running(context) as served:
        served.answer = response(b"[1]")
        yield served


class Network:
    """The name server, which answers in turn, and a network whose public address is the origin."""

    def __init__(self, origin: Origin, *answers: list[str]) -> None:
        self.answers, self.dialed, self.looked_up = list(answers), list[str](), list[str]()
        self._port = origin.port

    def resolve(self, name: str, _within_s: float) -> list[str]:
        self.looked_up.append(name)
        return self.answers.pop(0)

    def dial(self, address: str, port: int, within_s: float) -> socket.socket:
        self.dialed.append(f"{address}:{port}")
        return dial("127.0.0.1", self._port, within_s)

    def outbound(self, certificate: Path) -> Outbound:
        return Outbound(
            resolve=self.resolve,
            dialer=self.dial,
            make_context=lambda: ssl.create_default_context(cafile=str(certificate)),
        )


def test_a_host_on_the_list_is_called_by_the_name_at_the_address_that_was_found(
    tls_origin: Origin, certificate: tuple[Path, Path]
) -> None:
    network = Network(tls_origin, [PUBLIC])
    answer = network.outbound(certificate[0]).fetch(PURPOSE, URL)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"[1]", "3")
    assert network.dialed == [f"{PUBLIC}:443"]
    assert tls_origin.names == [HOST]
    (head,) = tls_origin.asked
    assert head.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}\r\n" in head


def test_a_call_is_a_span_that_names_the_host_alone(
    tls_origin: Origin, certificate: tuple[Path, Path]
) -> None:
    outbound = Network(tls_origin, [PUBLIC], ["127.0.0.1"]).outbound(certificate[0])
    tls_origin.answer = response(b"of a secret", status=404)
    with kept() as in_memory:
        outbound.fetch(PURPOSE, URL, headers={"Authorization": "of a secret"})
        with pytest.raises(Upstream):
            outbound.fetch(PURPOSE, URL)
        answered, refused = in_memory.all
    assert attributes(answered) == {
        "http.request.method": "GET",
        "server.address": HOST,
        "server.port": 443,
        "egret.for": "tests",
        "http.response.status_code": 404,
        "error.type": "404",
    }
    assert attributes(refused)["error.type"] == "Upstream"
    assert "of a secret" not in in_memory.text
    assert "b=c" not in in_memory.text


def test_a_name_server_that_changes_its_answer_leads_nowhere(
    tls_origin: Origin, certificate: tuple[Path, Path]
) -> None:
    network = Network(tls_origin, [PUBLIC], ["169.254.169.254"], ["127.0.0.1", PUBLIC])
    outbound = network.outbound(certificate[0])
    outbound.fetch(PURPOSE, URL)
    assert network.looked_up == [HOST]  # once for each call, so that what was checked is called
    for _ in range(2):
        with pytest.raises(Upstream):
            outbound.fetch(PURPOSE, URL)
    assert network.dialed == [f"{PUBLIC}:443"]
    assert len(tls_origin.asked) == 1


def test_a_server_that_is_not_the_named_one_gets_no_request(
    tls_origin: Origin, certificate: tuple[Path, Path]
) -> None:
    network = Network(tls_origin, [PUBLIC], [PUBLIC])
    other = Purpose("tests", lambda: {"other.partner.test"})
    for outbound, purpose, url in (
        (network.outbound(certificate[0]), other, "https://other.partner.test/"),
        (Outbound(resolve=network.resolve, dialer=network.dial), PURPOSE, URL),
    ):
        with pytest.raises(Upstream, match="SSLCertVerificationError"):
            outbound.fetch(purpose, url)
    assert tls_origin.asked == []


def test_what_is_not_on_the_list_is_not_even_looked_up(
    origin: Origin, certificate: tuple[Path, Path]
) -> None:
    network = Network(origin)
    for url in [*HOSTILE, "https://other.example/", f"https://x.{HOST}/"]:
        with pytest.raises(Invalid):
            network.outbound(certificate[0]).fetch(PURPOSE, url)
    assert (network.looked_up, network.dialed) == ([], [])


def test_a_method_that_the_purpose_does_not_need_is_not_sent(origin: Origin) -> None:
    with pytest.raises(Invalid):
        of(origin).fetch(PURPOSE, URL, method="POST", body=b"{}")
    assert origin.asked == []


def test_what_the_purpose_needs_is_sent_whole(origin: Origin) -> None:
    origin.answer = response(status=204)
    hooks = Purpose("tests", lambda: {HOST}, methods=frozenset({"POST"}))
    outbound = Outbound({f"https://{HOST}": f"{origin.url}/base/"})
    sent = {"Content-Type": "application/json"}
    assert outbound.fetch(hooks, URL, method="POST", headers=sent, body=b"{}").status == 204
    (head,) = origin.asked
    assert head.startswith("POST /base/a?b=c HTTP/1.1\r\n")
    assert "\r\nContent-Type: application/json\r\n" in head


def test_a_header_that_would_make_two_is_not_sent_or_shown(origin: Origin) -> None:
    with pytest.raises(Upstream) as refused:
        of(origin).fetch(PURPOSE, URL, headers={"X-Secret": "hidden\r\nX-Other: 1"})
    assert "hidden" not in str(refused.value)
    assert origin.asked == []


def test_an_exception_of_the_operator_is_called_where_it_says_and_nothing_else(
    origin: Origin,
) -> None:
    origin.answer = response(b"x")
    network = Network(origin)
    outbound = Outbound({f"https://{HOST}": origin.url}, resolve=network.resolve)
    assert outbound.fetch(PURPOSE, URL).body == b"x"
    assert network.looked_up == []
    network.answers = [["127.0.0.1"]]
    both = Purpose("tests", lambda: {HOST, f"www.{HOST}"})
    with pytest.raises(Upstream):
        outbound.fetch(both, f"https://www.{HOST}/")


def test_the_origin_of_a_setting_is_called_wherever_it_is_and_no_other(origin: Origin) -> None:
    origin.answer = response(b"[2]")
    purpose = replace(PURPOSE, origin=origin.url)
    assert Outbound().fetch(purpose, f"{origin.url}/a?b=c").body == b"[2]"
    assert origin.asked[0].startswith("GET /a?b=c HTTP/1.1\r\n")
    for url in (
        origin.url,
        f"{origin.url}.evil.example/a",
        f"{origin.url}/../a",
        f"{origin.url}/a b",
        f"{origin.url}/%2e%2e/a",
        f"http://127.0.0.1:{origin.port + 1}/a",
    ):
        with pytest.raises(Invalid):
            Outbound().fetch(purpose, url)
    assert len(origin.asked) == 1


def test_an_exceptions_own_credentials_are_sent_there(origin: Origin) -> None:
    origin.answer = response(b"x")
    url = origin.url.replace("//", "//me:se%40cret@")
    assert Outbound({f"https://{HOST}": url}).fetch(PURPOSE, URL).body == b"x"
    assert "\r\nAuthorization: Basic bWU6c2VAY3JldA==\r\n" in origin.asked[0]


def test_a_redirect_is_an_answer(origin: Origin) -> None:
    origin.answer = response(status=302, Location=f"{origin.url}/elsewhere")
    assert of(origin).fetch(PURPOSE, URL).status == 302
    assert len(origin.asked) == 1


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        (response(b"x" * 4097), b""),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        (CHUNKS, b"fff\r\n" + b"x" * 4095 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 8000 + b"\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
        (response().replace(b"\r\n", b"\r\nX: 1" * HEADERS_MAX + b"\r\n", 1), b""),
        (response(b"\x1f\x8b", Content_Encoding="gzip"), b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", b""),
        (b"nothing that is HTTP\r\n\r\n", b""),
        (b"", b""),
    ],
    ids=str.split("large endless chunks headers continue many compressed cut not-http nothing"),
)
def test_an_answer_beyond_the_limits_is_none(origin: Origin, answer: bytes, then: bytes) -> None:
    origin.answer, origin.then = answer, then
    with pytest.raises(Upstream):
        of(origin).fetch(PURPOSE, URL)
    assert len(origin.asked) == 1


@thorough("it waits")
@pytest.mark.parametrize(
    ("answer", "then"),
    [(b"HTTP/1.1 200 OK\r\nX: ", b"y"), (response(b"x" * 9)[:-8], b"x"), (b"H", b"T")],
    ids=["headers", "body", "status"],
)
def test_an_answer_that_drips_ends_with_the_time_of_the_purpose(
    origin: Origin, answer: bytes, then: bytes
) -> None:
    origin.answer, origin.then = answer.replace(b"Length: 9", b"Length: 9000"), then
    with pytest.raises(Upstream, match=r"the 0\.3 s for it are over"):
        of(origin).fetch(HASTY, URL)


def test_a_host_where_nobody_listens_gives_no_answer() -> None:
    with pytest.raises(Upstream, match="ConnectionRefusedError"):
        Outbound({f"https://{HOST}": "http://127.0.0.1:9"}).fetch(PURPOSE, URL)


def of(origin: Origin) -> Outbound:
    """A client that calls the origin for HOST, as an operator may say."""
    return Outbound({f"https://{HOST}": origin.url})
