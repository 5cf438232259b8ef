"""The address that the partner sees a call come from."""

from tests.sandbox.partner.client import ADDRESS, NAT_TOKEN, Partner

RANKING = "/v1/locations/32000006/rankings/clans"


def test_a_direct_caller_cannot_claim_an_address(partner: Partner) -> None:
    key = partner.new_key([ADDRESS])
    claimed = {"x-sandbox-source-address": ADDRESS, "authorization": f"Bearer {key}"}
    assert (
        "IP 127.0.0.1" in partner.client.get(RANKING, headers=claimed, auth=None).json()["message"]
    )


def test_the_echo_service_answers_with_the_callers_address_at_every_path(partner: Partner) -> None:
    nat = {"x-sandbox-source-address": ADDRESS, "x-sandbox-nat-token": NAT_TOKEN}
    for path in ("/", "/any"):
        answer = partner.client.get(path, headers=nat | {"host": "echo.sandbox"})
        assert (answer.text, answer.headers["content-type"]) == (
            f"{ADDRESS}\n",
            "text/plain; charset=utf-8",
        )
    assert partner.client.get("/any").status_code == 404
