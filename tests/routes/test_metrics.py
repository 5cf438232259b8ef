"""Pages and API of metrics: numbers, charts, tables, and what is wrong when there are none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.databases import prepare, settings_of
from tests.inside import DirectClient
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.services.measured import cloudwatch, without_kept_answers
from tests.services.rows import ZONES, a_function, a_key, a_network, add, an_address
from tests.services.scripted import ScriptedAws, refusal
from webapp.main import make_parts
from webapp.models import Nat, Status

FUNCTION, NETWORK = "/functions/shop/metrics", "/networks/main/metrics"
NAME, API_NAME = "egret-function-shop-1", "egret-function-shop"
VALUES = {
    ("Invocations", NAME): 1234,
    ("Errors", NAME): 12,
    ("p95", NAME): 250.5,
    ("4XXError", API_NAME): 7,
    ("BytesOutToDestination", "nat-1"): 4_000_000,
    ("BytesOutToDestination", "nat-2"): 1_000_000,
    ("ConnectionAttemptCount", "nat-1"): 100,
    ("ConnectionEstablishedCount", "nat-1"): 60,
    ("ErrorPortAllocation", "nat-1"): 5,
    ("PacketsDropCount", "nat-2"): 9,
}


@dataclass(frozen=True)
class Site:
    client: Any
    api: dict[str, str]
    aws: ScriptedAws

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return re.sub(r"\s+", " ", answer.text)

    def json(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(f"/api/v1{path}", headers=self.api)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def opened(bare_app: FastAPI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A network of two zones, with a function in it. Nobody changes them."""
    settings, aws = settings_of(tmp_path_factory.mktemp("metrics")), ScriptedAws()
    prepare(settings)
    parts = bare_app.state.parts = make_parts(settings, aws.cloud)
    outputs = {"AvailabilityZones": ",".join(ZONES), "NatGatewayIds": "nat-1,nat-2"}
    network = a_network("main", availability_zones=2, nat=Nat.PER_AZ, outputs=outputs)
    key = a_key()
    stack = f"arn:aws:cloudformation:eu-central-1:1:stack/{API_NAME}/1"
    function = a_function(network, key, "shop", stack_id=stack, outputs={"FunctionName": NAME})
    new = a_function(network, key, "new", status=Status.CREATING)
    with Session(bare_app.state.parts.engine) as session:
        add(session, network, key, an_address(network), function, new)
    client = DirectClient(bare_app, base_url=HOST)
    sign_in(client, bare_app)
    yield Site(client, bearer(bare_app), aws)
    parts.engine.dispose()


@pytest.fixture
def site(bare_app: FastAPI, opened: Site) -> Site:
    """With an AWS that has measured VALUES and was not asked yet."""
    opened.aws.reset()
    opened.aws.answers["GetMetricData"] = cloudwatch(VALUES)
    fresh = without_kept_answers(opened.aws)
    bare_app.state.parts = replace(bare_app.state.parts, cloud=fresh)
    return opened


def test_a_functions_metrics_are_series_with_all_periods(site: Site) -> None:
    found = site.json(f"{FUNCTION}?range=1h")
    assert (found["range"], found["period_s"], found["delay_s"]) == ("1h", 60, 180)
    assert found["totals"]["invocations"] == 1234
    assert found["reading_cost_usd"] == pytest.approx(0.00012)
    series = {each["name"]: each for each in found["series"]}
    assert (series["duration_p95"]["unit"], series["duration_p95"]["stat"]) == ("ms", "p95")
    points = series["invocations"]["points"]
    assert (len(points), points[0]["at"]) == (60, found["start"])
    assert [point["value"] for point in points if point["value"]] == [1234]
    assert site.json(FUNCTION)["range"] == "24h"


def test_a_networks_metrics_are_by_zone_and_have_their_cost(site: Site) -> None:
    found = site.json(f"{NETWORK}?range=7d")
    assert found["totals"]["bytes_out"] == 5_000_000
    assert {each["availability_zone"] for each in found["zones"]} == {*ZONES}
    assert [each["id"] for each in found["nat_gateways"]] == ["nat-1", "nat-2"]
    assert found["nat_gateways"][0]["totals"]["port_errors"] == 5
    cost = found["cost_so_far"]
    assert cost["nat_gateway_hours"] == 2
    assert cost["total_usd"] == pytest.approx(0.09, abs=0.01)
    assert cost["estimated"]


@pytest.mark.parametrize("path", [FUNCTION, NETWORK])
def test_a_range_that_there_is_not_is_refused_with_those_that_there_are(
    site: Site, path: str
) -> None:
    assert "'1h', '24h', '7d' or '30d'" in site.json(f"{path}?range=2h", 422)["errors"]["range"]
    page = site.page(f"{path}?range=2h", 422)
    assert "<code>range</code>: Choose one of: &#39;1h&#39;, &#39;24h&#39;" in page


def test_a_page_of_a_function_has_charts_and_the_same_numbers_in_tables(site: Site) -> None:
    page = site.page(f"{FUNCTION}?range=30d")
    assert page.count('role="img"') == page.count("<details>") == 6
    assert "Invocations: highest 1,234" in page
    assert page.count('<td class="number">1,234</td>') == 1
    assert "250 ms" in page and "250.5 ms" in page
    assert '<small class="muted">1.0 %</small>' in page
    assert "0.00012 USD for this page" in page
    assert f'href="{FUNCTION}" aria-current="page"' in page


def test_a_page_of_a_network_says_what_to_do_about_errors(site: Site) -> None:
    page = site.page(NETWORK)
    assert "5 new connections failed, because the NAT gateway had no free port." in page
    assert "40 of 100 new connections got no answer." in page
    assert "The NAT gateway dropped 9 packets." in page
    assert "All zones: " in page and f"{ZONES[1]}: " in page
    assert "5 MB" in page
    assert "2 hours at 0.045 USD" in page
    assert f'href="{NETWORK}"' in site.page("/networks/main")


def test_a_reload_costs_nothing(site: Site) -> None:
    site.page(f"{FUNCTION}?range=30d")
    site.json(f"{FUNCTION}?range=30d")
    assert len(site.aws.calls("GetMetricData")) == 1


def test_nothing_that_happened_is_no_error(site: Site) -> None:
    site.aws.answers["GetMetricData"] = cloudwatch({})
    assert "Not called in the last 24 hours" in site.page(FUNCTION)
    assert "No traffic in the last hour" in site.page(f"{NETWORK}?range=1h")


def test_what_is_not_deployed_is_not_measured(site: Site) -> None:
    assert "Nothing to measure yet" in site.page("/functions/new/metrics")
    assert site.json("/functions/new/metrics")["series"] == []
    assert site.aws.calls("GetMetricData") == []


@pytest.mark.parametrize(
    ("answer", "status", "title"),
    [
        (
            refusal("AccessDenied", "not authorized: cloudwatch:GetMetricData", status=403),
            502,
            "AWS did not let Egret do this",
        ),
        (refusal("Throttling", "Rate exceeded"), 503, "AWS throttles its CloudWatch"),
        (refusal("InternalFailure", status=500), 503, "AWS did not answer"),
    ],
)
@pytest.mark.parametrize("path", [FUNCTION, NETWORK])
def test_what_keeps_cloudwatch_from_answering_is_named(
    site: Site, path: str, answer: Any, status: int, title: str
) -> None:
    site.aws.answers["GetMetricData"] = answer
    page = site.page(path, status)
    assert f"<strong>{title}, so there are no metrics to show now.</strong>" in page
    assert "Try again" in page
    assert site.json(path, status)["detail"].startswith("While reading metrics")


def test_what_could_not_be_read_is_said(site: Site) -> None:
    def partly(parameters: Any) -> dict[str, Any]:
        whole: Any = cloudwatch(VALUES)
        found = whole(parameters)
        found["MetricDataResults"][0]["StatusCode"] = "InternalError"
        return dict(found)

    site.aws.answers["GetMetricData"] = partly
    assert "CloudWatch could not read all metrics just now." in site.page(FUNCTION)
    assert not site.json(FUNCTION)["complete"]
    assert site.json(NETWORK)["cost_so_far"]["bytes_processed"] is None
    assert "not known" in site.page(NETWORK)


@pytest.mark.parametrize("path", [FUNCTION, NETWORK])
def test_who_is_not_signed_in_sees_nothing(site: Site, path: str) -> None:
    nobody: Any = DirectClient(site.client.app, base_url=HOST, follow_redirects=False)
    assert nobody.get(path).status_code == 303
    assert nobody.get(f"/api/v1{path}").status_code == 401
