"""The partner fails on demand, in each way that real ones do, and recovers."""

import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests import plain_http
from tests.sandbox.partner.client import ADDRESS, NAT_TOKEN, SECRET, Partner
from webapp.sandbox.doors import USER
from webapp.sandbox.partner.__main__ import create_partner
from webapp.sandbox.partner.faults import HUGE_BYTES

RANKING = "/v1/locations/32000006/rankings/clans?limit=1"
START_TIMEOUT_S = 10.0


@pytest.mark.parametrize(
    ("mode", "status", "body"),
    [
        ("down", 500, {"reason": "unknownException"}),
        ("throttled", 429, {"reason": "requestThrottled"}),
        (
            "maintenance",
            503,
            {
                "reason": "inMaintenance",
                "message": "API is currently in maintenance, please come back later",
            },
        ),
    ],
)
def test_it_fails_with_the_real_errors(
    partner: Partner, mode: str, status: int, body: dict[str, str]
) -> None:
    partner.fail(mode)
    answer = partner.get(RANKING)
    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", [RANKING, "/v1/locations", "/v1/locations/32000006"])
def test_a_fault_affects_the_whole_api_and_every_caller(partner: Partner, path: str) -> None:
    partner.fail("maintenance")
    assert partner.get(path, token="none").status_code == 503
    assert partner.client.get("/portal").status_code == 200


@pytest.mark.parametrize(("mode", "status"), [("html", 502), ("blocked", 403)])
def test_a_failing_gateway_and_a_firewall_answer_with_html(
    partner: Partner, mode: str, status: int
) -> None:
    partner.fail(mode)
    answer = partner.get(RANKING)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_a_response_can_be_huge_or_cut_off(partner: Partner) -> None:
    partner.fail("huge")
    assert len(partner.get(RANKING).content) > HUGE_BYTES
    partner.fail("invalid_json")
    with pytest.raises(ValueError, match="Expecting"):
        partner.get(RANKING).json()


def test_a_fault_ends_when_it_is_removed_or_its_time_is_over(partner: Partner) -> None:
    partner.fail("down")
    partner.fail("none")
    assert partner.get(RANKING).status_code == 200
    partner.fail("down", seconds=0.01)
    time.sleep(0.02)
    assert partner.get(RANKING).status_code == 200


def test_a_fault_that_does_not_exist_is_refused(partner: Partner) -> None:
    assert partner.client.post("/sandbox/faults", json={"mode": "melted"}).status_code == 422


def test_a_reset_closes_the_connection_early(tmp_path: Path) -> None:
    config = uvicorn.Config(create_partner(tmp_path, NAT_TOKEN, SECRET), log_level="critical")
    server, user = uvicorn.Server(config), (USER, SECRET)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until = time.monotonic() + START_TIMEOUT_S
            while not server.started and time.monotonic() < until:
                time.sleep(0.01)
            fault = {"mode": "reset"}
            plain_http.post(f"{url}/sandbox/faults", json=fault, auth=user).raise_for_status()
            with pytest.raises(httpx.RemoteProtocolError):
                plain_http.get(f"{url}{RANKING}", headers={"authorization": f"Bearer {ADDRESS}"})
        finally:
            server.should_exit = True
            thread.join()
