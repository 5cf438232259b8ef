"""The bank's page in the portal, and what it keeps."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.partner.client import opened
from webapp.sandbox.partner.bank_keys import KEYS_MAX, BadBankKey, BankKeys


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Any]:
    with opened(tmp_path) as client:
        yield client


def test_a_key_is_shown_once_and_revoked(portal: Any) -> None:
    typed = {"kind": "query", "addresses": "203.0.113.7, 198.51.100.0/24"}
    page = portal.post("/portal/bank/keys", data=typed).text
    (secret,) = re.findall(r"<textarea[^>]*readonly[^>]*>([^<]+)</textarea>", page)
    shown = portal.get("/portal/bank").text
    assert "198.51.100.0/24" in shown
    assert secret not in shown
    (key_id,) = re.findall(r"/portal/bank/keys/(\w+)/revocation", shown)
    assert "No keys yet" in portal.post(f"/portal/bank/keys/{key_id}/revocation").text


def test_a_form_that_is_refused_comes_back_filled_in(portal: Any) -> None:
    answer = portal.post("/portal/bank/keys", data={"kind": "header", "addresses": "nonsense"})
    assert answer.status_code == 422
    assert "nonsense</textarea>" in answer.text
    assert "is not an IPv4 address" in answer.text
    bad = {"kind": "cookie", "addresses": ["203.0.113.7"]}
    assert portal.post("/portal/bank/api/keys", json=bad).status_code == 400


def test_keys_are_kept_over_a_restart_and_are_limited(tmp_path: Path) -> None:
    made = BankKeys(tmp_path).create("bearer", ["203.0.113.7"])
    kept = BankKeys(tmp_path)
    assert kept.find(made.secret, "bearer") == made
    assert kept.find(made.secret, "header") is None
    assert made.secret not in repr(made)
    for _ in range(KEYS_MAX - 1):
        kept.create("bearer", ["203.0.113.7"])
    with pytest.raises(BadBankKey, match="Revoke one first"):
        kept.create("bearer", ["203.0.113.7"])
    with pytest.raises(BadBankKey, match="at least one"):
        kept.create("bearer", [])
