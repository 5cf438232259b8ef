"""The partner's API: who may call, and its errors, word for word as the real ones."""

import pytest

from tests.sandbox.partner.client import ADDRESS, Partner

RANKINGS = "/v1/locations/32000006/rankings"
RANKING = f"{RANKINGS}/clans"
BAD_CURSORS = ("nonsense", "eyJwb3MiOi01fQ", "eyJwb3MiOjFlOTk5fQ", "W10", "é")


def test_another_address_is_refused_with_the_address_that_was_seen(partner: Partner) -> None:
    refused = partner.get(RANKING, address="203.0.113.9")
    assert refused.status_code == 403
    assert refused.json() == {
        "reason": "accessDenied.invalidIp",
        "message": "Invalid authorization: API key does not allow access from IP 203.0.113.9",
    }
    assert refused.headers["cache-control"] == "public max-age=600"


def test_a_range_allows_every_address_in_it(partner: Partner) -> None:
    wide = partner.new_key(["198.51.100.0/24"])
    assert partner.get(RANKING, token=wide, address="198.51.100.200").status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
def test_a_key_that_it_did_not_make_is_refused(partner: Partner, token: str) -> None:
    body = {"reason": "accessDenied", "message": "Invalid authorization"}
    assert partner.get(RANKING, token=token).json() == body


def test_a_revoked_key_is_refused(partner: Partner) -> None:
    key = partner.new_key([ADDRESS])
    key_id = partner.client.post("/api/apikey/list").json()["keys"][-1]["id"]
    partner.client.post("/api/apikey/revoke", json={"id": key_id})
    assert partner.get(RANKING, token=key).json()["reason"] == "accessDenied"


def test_a_missing_key_is_refused(partner: Partner) -> None:
    body = {"reason": "accessDenied", "message": "Missing authorization"}
    assert partner.client.get(RANKING).json() == body


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        (
            "/v1/locations/1/rankings/clans",
            400,
            {"reason": "badRequest", "message": "Unknown value for parameter locationId"},
        ),
        ("/v1/locations/32000006/rankings/pets", 404, {"reason": "notFound"}),
    ],
)
def test_an_unknown_location_or_ranking_gets_the_real_error(
    partner: Partner, path: str, status: int, body: dict[str, str]
) -> None:
    answer = partner.get(path)
    assert (answer.status_code, answer.json()) == (status, body)


def test_cursors_lead_from_page_to_page(partner: Partner) -> None:
    first = partner.get(f"{RANKING}?limit=20").json()
    assert first["paging"] == {"cursors": {"after": "eyJwb3MiOjIwfQ"}}
    second = partner.get(f"{RANKING}?limit=20&after=eyJwb3MiOjIwfQ").json()
    assert second["items"][0]["rank"] == 21
    assert partner.get(f"{RANKING}?limit=200").json()["paging"] == {"cursors": {}}
    assert partner.get(f"{RANKING}?after=a&before=b").status_code == 400


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_it_did_not_make_is_refused(partner: Partner, name: str, cursor: str) -> None:
    answer = partner.get(f"{RANKING}?{name}={cursor}")
    assert (answer.status_code, answer.json()["reason"]) == (400, "badRequest")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "ten", "²", "٣"])
def test_a_limit_that_is_no_number_from_1_to_200_is_refused(partner: Partner, limit: str) -> None:
    answer = partner.get(f"{RANKING}?limit={limit}")
    assert (answer.status_code, answer.json()["reason"]) == (400, "badRequest")


def test_before_leads_back_to_the_previous_page(partner: Partner) -> None:
    first = partner.get(f"{RANKING}?limit=5").json()
    second = partner.get(f"{RANKING}?limit=5&after={first['paging']['cursors']['after']}").json()
    back = partner.get(f"{RANKING}?limit=5&before={second['paging']['cursors']['before']}").json()
    assert back["items"] == first["items"]


@pytest.mark.parametrize("path", ["/v1/clans", "/v1/locations/32000006/rankings", "/v1/"])
def test_an_unknown_path_gets_the_real_error(partner: Partner, path: str) -> None:
    answer = partner.get(path)
    assert (answer.status_code, answer.json()) == (404, {"reason": "notFound"})
    assert answer.headers["content-type"] == "application/json"


def test_an_authorization_that_is_not_ascii_is_a_bad_key(partner: Partner) -> None:
    headers = {b"authorization": b"Bearer a.b.\xe9", b"x-sandbox-nat-token": b"\xe9"}
    answer = partner.client.get(f"{RANKING}", headers=headers, auth=None)
    assert answer.json() == {"reason": "accessDenied", "message": "Invalid authorization"}


def test_a_key_of_another_game_is_refused(partner: Partner) -> None:
    other = partner.new_key([ADDRESS], scopes=["brawlstars"])
    answer = partner.get(f"{RANKING}", token=other)
    assert answer.json() == {"reason": "accessDenied", "message": "Invalid authorization"}


def test_the_time_to_live_counts_down_to_the_next_ranking(partner: Partner) -> None:
    for path, most in (("clans", 60), ("capitals", 600)):
        value = partner.get(f"{RANKINGS}/{path}?limit=1").headers["cache-control"]
        assert 1 <= int(value.removeprefix("max-age=")) <= most
