"""The main job by the API alone: from nothing to the partner's ranking, and back to nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import plain_http
from tests.dashboard import TIMEOUT_S, Dashboard, wait_for
from tests.portal import addresses_of, partner_key, revoke
from tests.routes.journey import REGION, Journey, journey_in
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

OF_FUNCTION = [f"/functions/top{part}" for part in ("", "/callers")]
PAGES = ["/", "/keys", "/keys/partner", "/networks/main", "/addresses", *OF_FUNCTION]
ANSWERS = [f"/functions/top/{part}" for part in ("events", "logs", "preview")] + OF_FUNCTION
ANSWERS += ["/keys", "/keys/partner", "/networks/main/events", "/audit-events"]
EMPTY = json.dumps({"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
RECORDED = json.loads((Path(__file__).parents[1] / "data" / "rankings_top10.json").read_text())


@pytest.fixture(scope="module")
def journey(
    dashboard: Dashboard, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    with journey_in(dashboard, sandbox, tmp_path_factory.mktemp("client")) as made:
        yield made


def called(url: str, key: str) -> httpx.Response:
    return plain_http.get(url, headers={"x-api-key": key}, timeout=TIMEOUT_S)


def test_a_network_becomes_ready_with_one_address_per_zone(journey: Journey) -> None:
    assert journey.network["status"] == "ready", journey.network["reason"]
    assert len(set(addresses_of(journey.network))) == 2
    zones = [address["availability_zone"] for address in journey.network["addresses"]]
    assert zones == ["eu-central-1a", "eu-central-1b"]
    assert journey.network["monthly_cost_usd"] == 73.0


def test_an_uploaded_key_shows_its_claims_and_never_itself(journey: Journey) -> None:
    shown = journey.key
    assert shown["claims"]["cidrs"] == addresses_of(journey.network)
    assert shown["claims"]["tier"] == "developer/silver"
    assert journey.secret not in str(shown)
    match = journey.api.get("/keys/partner/match", params={"network": "main"}).json()
    assert match["ok"]
    assert match["paste"].split() == addresses_of(journey.network)


def test_a_function_fetches_the_recorded_ranking_from_the_whitelisted_address(
    journey: Journey,
) -> None:
    assert journey.function["status"] == "ready", journey.function["reason"]
    snapshot = journey.api.post("/functions/top/snapshots").json()
    assert snapshot["ok"], snapshot["problem"]
    assert snapshot["egress_ip"] in addresses_of(journey.network)
    assert snapshot["upstream_status"] == 200
    assert 0 < snapshot["ttl_s"] <= 60
    assert journey.api.get("/functions/top/preview").json()["items"] == RECORDED["items"]


def test_a_generated_client_sees_what_it_made_and_why_it_is_refused(journey: Journey) -> None:
    """It created all of it, and deletes it in the end."""
    client = journey.client
    status, shown = client.call("networks.show_network", "main")
    assert (status, shown.status.value, len(shown.addresses)) == (200, "ready", 2)
    status, page = client.call("functions.list_functions", limit=1)
    assert [function.name for function in page.items] == ["top"]
    status, snapshot = client.call("functions.fetch_snapshot", "top")
    assert (status, snapshot.ok) == (201, True)
    status, preview = client.call("functions.read_preview", "top")
    assert (status, len(preview["items"])) == (200, 10)
    again = client.model("NewNetwork", name="main", region=REGION)
    status, problem = client.call("networks.create_network", body=again)
    assert (status, problem.code) == (409, "name_taken")
    status, checked = client.call("networks.create_network", body=again, dry_run=True)
    assert (status, checked.blocked) == (200, True)


def test_the_preview_is_byte_for_byte_what_the_function_returned(journey: Journey) -> None:
    returned = journey.api.post("/functions/top/invocations").json()
    preview = journey.api.get("/functions/top/preview")
    assert preview.content == returned["body"].encode()
    assert int(preview.headers["Age"]) >= 0
    url = f"{journey.api.url}/functions/top/preview"
    head = plain_http.head(url, headers=journey.api.headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == preview.headers["ETag"]


def test_a_browser_gets_the_table_alone_and_each_time_is_logged(journey: Journey) -> None:
    url, cookies = f"{journey.dashboard.url}/functions/top/table", journey.dashboard.signed_in()
    with plain_http.Client(cookies=cookies) as browser:
        tables = [browser.get(url) for _ in range(3)]
    assert {table.text for table in tables} == {tables[0].text}
    assert tables[0].text.count("<tr>") == 11
    for table in tables:
        line = f"request_id={table.headers['x-request-id']} "
        wait_for(lambda line=line: line in journey.dashboard.log, 5)


def test_an_unchanged_preview_is_not_sent_again(journey: Journey) -> None:
    etag = journey.api.get("/functions/top/preview").headers["ETag"]
    again = journey.api.get("/functions/top/preview", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_endpoint_is_the_articles_to_the_letter(journey: Journey) -> None:
    """Ten clans, in the order and with the fields of the partner's answer."""
    url, key = journey.function["endpoint_url"], journey.caller.json()["key"]
    assert url.endswith("/prod/top10ClashOfClans")
    answer = called(url, key)
    assert answer.status_code == 200
    assert json.dumps(answer.json()["items"]) == json.dumps(RECORDED["items"])
    assert len(answer.json()["items"]) == 10
    assert called(url.removesuffix("/top10ClashOfClans"), key).status_code == 403


def test_a_callers_key_is_shown_once_and_ends_when_it_is_rotated_or_revoked(
    journey: Journey,
) -> None:
    api, url, callers = journey.api, journey.function["endpoint_url"], "/functions/top/callers"
    for nobody in (plain_http.get(url), called(url, "wrong")):
        assert (nobody.status_code, nobody.json()) == (403, {"message": "Forbidden"})
    made = api.post(callers, {"name": "web", "rate": 5, "quota": 1})
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert made.headers["Location"] == f"/api/v1{callers}/web"
    first = made.json()["key"]
    assert [called(url, first).status_code for _ in range(2)] == [200, 429]
    assert called(url, first).json() == {"message": "Limit Exceeded"}
    assert api.patch(f"{callers}/web", {"quota": 9}).json()["quota"] == 9
    assert called(url, first).status_code == 200
    second = api.post(f"{callers}/web/rotation").json()["key"]
    assert [called(url, key).status_code for key in (first, second)] == [403, 200]
    shown = api.get(f"{callers}/web")
    assert (shown.json()["usage_today"], shown.json()["burst"]) == (3, 10)
    assert [usage["calls"] for usage in shown.json()["usage"]] == [0, 0, 0, 0, 0, 0, 3]
    listed = api.get(callers, params={"limit": 1, "after": "article"}).json()
    assert listed == {"items": [shown.json()], "next": None}
    for key in (first, second):
        assert key not in shown.text + api.get("/audit-events", params={"limit": 200}).text
    assert api.delete(f"{callers}/web").status_code == 204
    assert called(url, second).status_code == 403
    assert api.get(f"{callers}/web").status_code == 404


def test_stack_events_can_be_read_page_by_page(journey: Journey) -> None:
    first = journey.api.get("/networks/main/events", params={"limit": 5}).json()
    second = journey.api.get(
        "/networks/main/events", params={"limit": 5, "after": first["next"]}
    ).json()
    ids = [event["id"] for page in (first, second) for event in page["items"]]
    assert ids == sorted(ids)
    assert len(ids) == 10


def test_a_key_for_other_addresses_is_refused_before_anything_is_made(
    journey: Journey, sandbox: Sandbox
) -> None:
    wrong = partner_key(sandbox, ["198.51.100.77"])
    journey.api.post("/keys", {"name": "elsewhere", "secret": wrong}).raise_for_status()
    body = {"name": "never", "template": "clash_rankings", "network": "main", "key": "elsewhere"}
    refused = journey.api.post("/functions", body)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "key_does_not_match")
    assert all(ip in problem["remedy"] for ip in addresses_of(journey.network))
    assert journey.api.get("/functions/never").status_code == 404


def test_a_failed_function_is_tried_again(journey: Journey, clients: Clients) -> None:
    """It fails at a stack of the same name that is not Egret's, until that one is deleted."""
    cloudformation, name = clients.cloudformation(REGION), "egret-function-blocked"
    cloudformation.create_stack(StackName=name, TemplateBody=EMPTY, ClientRequestToken="theirs")
    body = {"name": "blocked", "template": "clash_rankings", "network": "main", "key": "partner"}
    journey.api.post("/functions", body).raise_for_status()
    assert journey.api.settled("/functions/blocked")["status"] == "failed"
    cloudformation.delete_stack(StackName=name)
    stacks = cloudformation.get_paginator("describe_stacks")
    wait_for(lambda: name not in str(list(stacks.paginate())), 30)
    assert journey.api.post("/functions/blocked/attempts").status_code == 202
    tried = journey.api.settled("/functions/blocked")
    assert tried["status"] == "ready", tried["reason"]
    assert journey.api.post("/functions/blocked/attempts").status_code == 409
    journey.api.delete("/functions/blocked").raise_for_status()
    journey.api.gone("/functions/blocked")


def test_lists_show_what_was_made(journey: Journey) -> None:
    for path, name in (
        ("/networks", "main"),
        ("/functions", "top"),
        ("/keys", "partner"),
        ("/templates", "clash_rankings"),
    ):
        items = journey.api.get(path).raise_for_status().json()["items"]
        assert name in [item["name"] for item in items]
    proofs = journey.api.get("/networks/main/proofs").raise_for_status().json()["items"]
    assert {proof["seen_ip"] for proof in proofs} == set(addresses_of(journey.network))


def test_a_public_whitelist_answers_head_as_it_answers_get(journey: Journey) -> None:
    link = journey.api.post("/networks/main/whitelist/link").raise_for_status().json()["link"]
    for url in (f"{journey.dashboard.url}{link}", f"{journey.dashboard.url}{link}.txt"):
        head, get = plain_http.head(url), plain_http.get(url)
        assert (head.status_code, get.status_code, head.content) == (200, 200, b"")
        assert head.headers["etag"] == get.headers["etag"]
    journey.api.delete("/networks/main/whitelist/link").raise_for_status()
    assert plain_http.head(f"{journey.dashboard.url}{link}").status_code == 404


@pytest.mark.parametrize(
    ("mode", "code"),  # what the partner answered
    [("maintenance", 503), ("throttled", 429), ("html", 502), ("down", 500), ("huge", 200)],
)
def test_when_the_partner_fails_the_last_good_answer_stays(
    journey: Journey, sandbox: Sandbox, mode: str, code: int
) -> None:
    before = journey.api.get("/functions/top/preview").content
    faults = f"{sandbox.info.partner_url}/sandbox/faults"
    plain_http.post(faults, json={"mode": mode, "seconds": 30}).raise_for_status()
    failed = journey.api.post("/functions/top/snapshots").json()
    plain_http.post(faults, json={"mode": "none"}).raise_for_status()
    assert not failed["ok"]
    assert failed["problem"]
    assert failed["remedy"]
    assert failed["upstream_status"] == code
    function = journey.api.get("/functions/top").json()
    assert function["failure"]["problem"] == failed["problem"]
    assert journey.api.get("/functions/top/preview").content == before


def test_a_wrong_address_is_explained_and_a_new_version_fixes_it(
    journey: Journey, sandbox: Sandbox
) -> None:
    wrong = partner_key(sandbox, ["198.51.100.99"])
    refused = journey.api.post("/keys/partner/versions", {"secret": wrong})
    assert (refused.status_code, refused.json()["code"]) == (409, "would_lose_address")
    wrong_one: dict[str, Any] = {"secret": wrong, "anyway": True}
    journey.api.post("/keys/partner/versions", wrong_one).raise_for_status()
    revoke(sandbox, journey.secret)
    failed = journey.api.post("/functions/top/snapshots").json()
    assert not failed["ok"]
    assert failed["egress_ip"] in addresses_of(journey.network)
    assert failed["egress_ip"] in failed["problem"]
    assert "the network main" in failed["problem"]
    right = partner_key(sandbox, addresses_of(journey.network))
    journey.api.post("/keys/partner/versions", {"secret": right}).raise_for_status()
    assert journey.api.post("/functions/top/snapshots").json()["ok"]
    versions = journey.api.get("/keys/partner/versions").json()["items"]
    assert sorted(version["stage"] for version in versions) == ["", "AWSCURRENT", "AWSPREVIOUS"]
    refused = journey.api.put("/keys/partner/versions/current", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "would_lose_address")
    back = journey.api.put("/keys/partner/versions/current", {"anyway": True}).json()
    assert back["claims"]["cidrs"] == ["198.51.100.99"]
    again = journey.api.put("/keys/partner/versions/current", {}).json()
    assert again["claims"]["cidrs"] == addresses_of(journey.network)


def test_the_secret_is_nowhere_but_in_secrets_manager(
    journey: Journey, sandbox: Sandbox, clients: Clients
) -> None:
    """Not in answers, pages, logs, the database, the stacks, nor in the function's environment."""
    cookies = journey.dashboard.signed_in()
    answers = [journey.api.get(path) for path in ANSWERS]
    answers += [plain_http.get(journey.dashboard.url + path, cookies=cookies) for path in PAGES]
    assert {
        str(answer.url): answer.status_code for answer in answers if answer.status_code != 200
    } == {}
    texts = [answer.text for answer in answers]
    cloudformation = clients.cloudformation(REGION)
    for stack in (journey.network["stack_id"], journey.function["stack_id"]):
        texts.append(repr(cloudformation.get_template(StackName=stack)))
        texts.append(repr(cloudformation.describe_stacks(StackName=stack)))
    awslambda = clients.awslambda(REGION)
    texts.append(repr(awslambda.get_function(FunctionName="egret-function-top")))
    files = [p for p in journey.dashboard.data_dir.rglob("*") if p.is_file()]
    of_sqlite = set() if journey.dashboard.settings.database_url else {"egret.db", "egret.db-wal"}
    assert {"dashboard.log", *of_sqlite} <= {file.name for file in files}
    rows = journey.dashboard.rows()
    assert journey.network["name"] in rows
    texts.append(rows)
    texts += [path.read_bytes().decode("latin-1") for path in files]
    logs = [path.read_text() for path in sandbox.folder.glob("*.log")]
    assert logs
    texts += logs
    for needle in (journey.secret, journey.secret.split(".")[2], journey.caller.json()["key"]):
        assert not [text[:80] for text in texts if needle in text]
