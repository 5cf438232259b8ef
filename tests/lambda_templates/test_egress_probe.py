"""The probe answers with the address that the echo service saw, or fails."""

import json
import socket
from types import ModuleType

import pytest

from tests.lambda_templates.world import World, load


@pytest.fixture
def probe(world: World, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("ECHO_URL", f"{world.url}/echo")
    return load("egress_probe")


def test_the_address_is_answered(probe: ModuleType) -> None:
    told = '{"ip": "203.0.113.7", "echo": "127.0.0.1"}'
    assert json.dumps(probe.handler({}, None)) == told


@pytest.mark.parametrize(
    "echo", [b"<html>", b"", b"::1", b"203.0.113.7 and more", b"203.0.113.256", b"\xff", b"1" * 99]
)
def test_a_text_that_is_not_an_address_is_an_error(
    probe: ModuleType, world: World, echo: bytes
) -> None:
    world.echo = echo
    with pytest.raises(ValueError):
        probe.handler({}, None)


def test_without_an_echo_service_it_fails(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ECHO_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(OSError):
            probe.handler({}, None)


@pytest.mark.parametrize("garbled", [b"not HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\n" * 200, b""])
def test_the_second_echo_service_is_asked_when_the_first_does_not_speak_http(
    probe: ModuleType, world: World, monkeypatch: pytest.MonkeyPatch, garbled: bytes
) -> None:
    world.raw = lambda out: out.write(garbled)
    monkeypatch.setenv("ECHO_URL", f"{world.url}/garbled,{world.url}/echo")
    assert probe.handler({}, None)["ip"] == "203.0.113.7"


@pytest.mark.parametrize("first", ["http://127.0.0.1:9/", "{url}/not-an-address"])
def test_the_second_echo_service_is_asked_when_the_first_gives_no_address(
    probe: ModuleType, world: World, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setenv("ECHO_URL", f"{first.format(url=world.url)},{world.url}/echo")
    assert probe.handler({}, None)["ip"] == "203.0.113.7"


def test_a_redirect_is_not_followed(probe: ModuleType, world: World) -> None:
    """It could lead to an address inside of AWS."""
    moved = f"HTTP/1.1 302 Found\r\nLocation: {world.url}/echo\r\nContent-Length: 0\r\n\r\n"
    world.raw = lambda out: out.write(moved.encode())
    with pytest.raises(OSError, match="302"):
        probe._ask(f"{world.url}/moved")
