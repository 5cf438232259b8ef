"""Keys: kept over a restart, and temporary ones."""

import time
from pathlib import Path

from tests.sandbox.partner.client import ADDRESS, Partner, opened
from webapp.sandbox.partner.keys import TEMPORARY_S, Keys

RANKINGS = "/v1/locations/32000006/rankings"


def test_keys_survive_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        key = Partner(client).key
    with opened(tmp_path) as again:
        assert key in [k["key"] for k in again.post("/api/apikey/list").json()["keys"]]


def test_the_temporary_token_works_for_an_hour(partner: Partner, tmp_path: Path) -> None:
    token = partner.new_key([ADDRESS], temporary=True)
    assert partner.get(f"{RANKINGS}/clans?limit=1", token=token).status_code == 200
    found = Keys(tmp_path).find(token)
    assert found is not None
    assert found.cidrRanges == [f"{ADDRESS}/32"]
    assert found.expires_at is not None
    assert 0 < found.expires_at - time.time() <= TEMPORARY_S
