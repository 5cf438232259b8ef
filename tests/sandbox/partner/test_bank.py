"""The bank checks key, how it was sent, and source address; a payment is made once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.partner.client import ADDRESS, NAT_TOKEN, opened
from webapp.sandbox.partner.bank import HOST

ACCOUNTS = "/v1/accounts"


class Bank:
    """Asked as the NAT asks it, with a key that is sent in a header."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.key = self.new_key("header")

    def new_key(self, kind: str) -> str:
        new = {"kind": kind, "addresses": [ADDRESS]}
        key: str = self._client.post("/portal/bank/api/keys", json=new).json()["key"]
        return key

    def ask(self, method: str, path: str, *, address: str = ADDRESS, **options: Any) -> Any:
        of_nat = {
            "host": HOST,
            "x-sandbox-source-address": address,
            "x-sandbox-nat-token": NAT_TOKEN,
        }
        sent = of_nat | options.pop("headers", {"x-api-key": self.key})
        return self._client.request(method, path, headers=sent, auth=None, **options)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened(tmp_path) as client:
        yield Bank(client)


def test_a_key_is_taken_only_where_its_kind_is_sent(bank: Bank) -> None:
    bearer, query = bank.new_key("bearer"), bank.new_key("query")
    good: list[dict[str, Any]] = [
        {},
        {"headers": {"authorization": f"Bearer {bearer}"}},
        {"headers": {}, "params": {"api_key": query}},
    ]
    for options in good:
        assert bank.ask("GET", ACCOUNTS, **options).status_code == 200
    bad: list[dict[str, Any]] = [
        {"headers": {}},
        {"headers": {"x-api-key": bearer}},
        {"headers": {"authorization": f"Basic {bearer}"}},
        {"headers": {}, "params": {"api_key": bank.key}},
    ]
    for options in bad:
        assert bank.ask("GET", ACCOUNTS, **options).status_code == 401


def test_another_address_is_refused_by_its_name(bank: Bank) -> None:
    refused = bank.ask("GET", ACCOUNTS, address="198.51.100.9")
    assert refused.status_code == 403
    assert "from IP 198.51.100.9" in refused.json()["error"]["message"]


def test_transactions_are_narrowed_by_parameters(bank: Bank) -> None:
    path = f"{ACCOUNTS}/1001/transactions"
    found = bank.ask("GET", f"{path}?since=2026-02-01&limit=2").json()["transactions"]
    assert [each["date"] for each in found] == ["2026-02-01", "2026-02-02"]
    assert bank.ask("GET", f"{path}?since=yesterday").status_code == 422
    assert bank.ask("GET", f"{ACCOUNTS}/9/transactions").status_code == 404
    assert bank.ask("GET", "/elsewhere").status_code == 404


def test_a_payment_is_made_once_shown_and_cancelled(bank: Bank) -> None:
    new = {"account": "1001", "to": "Rent", "amount": 100}
    headers = {"x-api-key": bank.key, "idempotency-key": "k1"}
    made = bank.ask("POST", "/v1/payments", json=new, headers=headers)
    again = bank.ask("POST", "/v1/payments", json=new, headers=headers)
    assert (made.status_code, again.json()) == (201, made.json())
    path = f"/v1/payments/{made.json()['id']}"
    assert bank.ask("DELETE", path).status_code == 204
    assert bank.ask("GET", path).json()["status"] == "cancelled"
    assert bank.ask("POST", "/v1/payments", json=new | {"amount": -1}).status_code == 422
    assert bank.ask("POST", "/v1/payments", json=new | {"account": "9"}).status_code == 422
