"""`/metrics` of a replica, and the dashboard file that shows them."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import Session

from tests.databases import gone
from tests.services.rows import a_network, a_snapshot, add, add_function, ago
from webapp.aws.clients import Clients
from webapp.errors import Unavailable
from webapp.main import metrics_of
from webapp.models import Status
from webapp.services.engine import leases
from webapp.telemetry.counts import count_aws_call
from webapp.telemetry.exposition import registry_of, serving

GRAFANA = Path(__file__).parents[2] / "deploy/grafana/egret.json"
NAME = re.compile(r"\b((?:egret|process)_[a-z_]+)")

Asked = tuple[int, str]


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    parts = app.state.parts
    with serving(0, registry_of(parts.engine, lambda: parts.streams.taken)) as number:
        yield number


def ask(port: int, path: str = "/metrics", host: str = "") -> Asked:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def samples(port: int) -> dict[tuple[str, str], float]:
    """By name and labels."""
    _, text = ask(port)
    return {
        (sample.name, " ".join(map(str, sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_operation_and_status_whoever_answers_them(
    client: Any, signed_in: Any, session: Session, port: int
) -> None:
    function = add_function(session)
    add(session, a_snapshot(function))
    before = samples(port)
    client.get("/networks/secret-name")
    for _ in range(3):
        signed_in.get(f"/functions/{function.name}/table")
    client.request("BREW", "/healthz")
    after = samples(port)

    def more(labels: str) -> float:
        key = ("egret_requests_total", labels)
        return after.get(key, 0) - before.get(key, 0)

    assert more("GET pages.networks.show 303") == 1
    assert more("GET pages.functions.table 200") == 3
    assert more("other health.healthz 405") + more("other none 405") == 1
    assert "secret-name" not in str(after)
    assert ("egret_request_seconds_count", "pages.networks.show") in after


def test_calls_to_aws_are_counted_by_action_and_code(
    port: int,
) -> None:
    with pytest.raises(EndpointConnectionError):
        Clients("http://127.0.0.1:9", attempts=1).ec2("eu-west-1").describe_vpcs()
    throttled = {"Error": {"Code": "Throttling"}}
    name = "response-received.ec2.DescribeAddresses"
    count_aws_call(name, "eu-west-1", {"Addresses": []}, throttled=False)
    count_aws_call(name, "eu-west-1", throttled, throttled=True)
    _, text = ask(port)
    for action, code in (
        ("DescribeAddresses", "ok"),
        ("DescribeAddresses", "Throttling"),
        ("DescribeVpcs", "no answer"),
    ):
        assert f'egret_aws_calls_total{{action="{action}",code="{code}"' in text
    assert 'egret_aws_throttles_total{region="eu-west-1",service="ec2"}' in text


def test_what_is_under_way_is_as_old_as_its_oldest_operation(session: Session, port: int) -> None:
    building = {"status": Status.CREATING}
    add(session, a_network("old", started_at=ago(100), **building))
    add(session, a_network("new", started_at=ago(10), cidr="10.9.0.0/16", **building))
    found = samples(port)
    assert found["egret_operations", "network"] == 2
    assert 100 <= found["egret_operation_oldest_seconds", "network"] < 200
    assert found["egret_database_up", ""] == 1


def test_a_lease_that_was_not_given_back_is_counted_when_it_is_taken_over(
    session: Session, port: int
) -> None:
    def taken_over() -> float:
        return samples(port).get(("egret_lease_takeovers_total", "spoon"), 0)

    assert leases.begin(session, "spoon:a", lease_s=0) is not None  # and its process is killed
    before = taken_over()
    work = leases.claim(session)
    assert work is not None
    assert taken_over() == before + 1
    work.run_again(in_s=0)
    assert leases.take(session, "spoon:a") is not None
    assert taken_over() == before + 1


def test_a_database_that_is_gone_is_a_metric_and_no_error(app: FastAPI, port: int) -> None:
    app.state.parts.engine.dispose()
    with gone(app.state.parts.settings):
        assert samples(port)["egret_database_up", ""] == 0


def test_only_metrics_are_there_and_only_by_the_name_of_this_machine(port: int) -> None:
    assert ask(port, "/")[0] == 404
    assert ask(port, host="evil.example:80")[0] == 400


def test_they_have_a_port_of_their_own_only_if_it_is_set(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = app.state.parts.settings.model_copy(update={"metrics_port": port})
        with (
            pytest.raises(Unavailable, match="EGRET_METRICS_PORT"),
            metrics_of(replace(app.state.parts, settings=settings)),
        ):
            pass
    with metrics_of(app.state.parts):
        pass
    with metrics_of(replace(app.state.parts, settings=settings)):
        assert ask(port)[0] == 200


def test_every_metric_of_the_dashboard_file_exists(
    client: Any, session: Session, port: int
) -> None:
    client.get("/healthz")
    add(session, a_snapshot(add_function(session)))
    _, text = ask(port)
    board = json.loads(GRAFANA.read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    assert {v["name"] for v in board["templating"]["list"]} == {"source", "job"}
    for panel in board["panels"]:
        assert set(panel["gridPos"]) == {"h", "w", "x", "y"}
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
        assert [t["refId"] for t in panel["targets"]] == list("ABC"[: len(panel["targets"])])
        for target in panel["targets"]:
            assert target["expr"].count("(") == target["expr"].count(")")
            for name in NAME.findall(target["expr"]):
                family = re.sub(r"_(total|bucket)$", "", name)
                assert re.search(rf"^# TYPE {family}(_total)? ", text, re.M), name
