"""A bank's API, the sandbox's second partner: accounts to read, and payments to make.

It checks key and source address, and answers in JSON of its own, as any partner might.
"""

import uuid
from datetime import date, timedelta
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from webapp.sandbox.partner import faults
from webapp.sandbox.partner.bank_keys import BankKey, BankKeys
from webapp.sandbox.partner.callers import source_address
from webapp.sandbox.partner.faults import Faults

HOST = "api.bank.sandbox"
ACCOUNTS = {"1001": ("Current account", 5_312_40), "1002": ("Savings", 48_000_00)}
FIRST_DAY = date(2026, 1, 1)
TRANSACTIONS = 40
PAYMENTS_KEPT = 100
TEXTS = ("Rent", "Salary", "Supplier", "Insurance", "Refund", "Tax")
CACHE = {"cache-control": "private, max-age=30"}


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": code, "message": message}}


class NewPayment(BaseModel):
    account: str
    to: str = Field(min_length=1, max_length=70)
    amount: int = Field(gt=0, description="In cents")


class Payments:
    """The newest ones, by id; the same Idempotency-Key makes one payment only."""

    def __init__(self) -> None:
        self._made: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}

    def make(self, new: NewPayment, idempotency_key: str) -> dict[str, Any]:
        known = self._ids.get(idempotency_key)
        if known in self._made:
            return self._made[known]
        payment = {"id": uuid.uuid4().hex[:8], "status": "accepted"} | new.model_dump()
        self._made[payment["id"]] = payment
        if idempotency_key:
            self._ids[idempotency_key] = payment["id"]
        for oldest in list(self._made)[:-PAYMENTS_KEPT]:
            del self._made[oldest]
        return payment

    def get(self, payment_id: str) -> dict[str, Any]:
        if payment_id not in self._made:
            raise Refusal(404, "not_found", "There is no such payment.")
        return self._made[payment_id]

    def cancel(self, payment_id: str) -> None:
        self.get(payment_id)["status"] = "cancelled"


def create_bank(keys: BankKeys, nat_token: str, its_faults: Faults) -> FastAPI:
    app = FastAPI(title="The sandbox's bank", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.keys, app.state.nat_token, app.state.faults = keys, nat_token, its_faults
    app.state.payments = Payments()
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(faults.FaultResponse, faults.answer_fault)
    authorised = [Depends(_authorise)]
    for method, path, route in (
        ("GET", "/v1/accounts", accounts),
        ("GET", "/v1/accounts/{account}/transactions", transactions),
        ("POST", "/v1/payments", pay),
        ("GET", "/v1/payments/{payment}", show_payment),
        ("DELETE", "/v1/payments/{payment}", cancel_payment),
    ):
        app.add_api_route(path, route, methods=[method], dependencies=authorised)
    app.add_api_route("/{path:path}", unknown, dependencies=authorised)
    return app


def accounts() -> JSONResponse:
    listed = [
        {"id": number, "name": name, "balance": cents / 100, "currency": "EUR"}
        for number, (name, cents) in ACCOUNTS.items()
    ]
    return JSONResponse({"accounts": listed}, headers=CACHE)


def transactions(account: str, since: date = FIRST_DAY, limit: int = 10) -> JSONResponse:
    if account not in ACCOUNTS:
        raise Refusal(404, "not_found", f"There is no account {account[:20]}.")
    every = [_transaction(account, number) for number in range(TRANSACTIONS)]
    wanted = [each for each in every if each["date"] >= since.isoformat()]
    body = {"account": account, "transactions": wanted[: max(1, limit)]}
    return JSONResponse(body, headers=CACHE)


def pay(request: Request, new: NewPayment) -> JSONResponse:
    if new.account not in ACCOUNTS:
        raise Refusal(422, "no_such_account", f"There is no account {new.account[:20]}.")
    payments: Payments = request.app.state.payments
    key = request.headers.get("idempotency-key", "")
    return JSONResponse(payments.make(new, key), 201)


def show_payment(request: Request, payment: str) -> JSONResponse:
    payments: Payments = request.app.state.payments
    return JSONResponse(payments.get(payment))


def cancel_payment(request: Request, payment: str) -> Response:
    payments: Payments = request.app.state.payments
    payments.cancel(payment)
    return Response(status_code=204)


def unknown() -> Response:
    raise Refusal(404, "not_found", "There is nothing at this address.")


async def _authorise(request: Request) -> None:
    """Raises FaultResponse, Refusal."""
    await request.app.state.faults.apply()
    key = _key(request)
    if key is None:
        raise Refusal(401, "unauthorised", "The API key is missing or not valid.")
    address = source_address(request)
    if not key.allows(address):
        message = f"Calls from IP {address} are not allowed for this key."
        raise Refusal(403, "address_not_allowed", message)


def _key(request: Request) -> BankKey | None:
    keys: BankKeys = request.app.state.keys
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    sent = {
        "bearer": token if scheme.lower() == "bearer" else "",
        "header": request.headers.get("x-api-key", ""),
        "query": request.query_params.get("api_key", ""),
    }
    found = (keys.find(secret, kind) for kind, secret in sent.items() if secret)
    return next(filter(None, found), None)


def _transaction(account: str, number: int) -> dict[str, Any]:
    cents = (number * 7919 + int(account) * 31) % 90_000 - 30_000
    return {
        "id": f"{account}-{number:03}",
        "date": (FIRST_DAY + timedelta(days=number)).isoformat(),
        "text": TEXTS[number % len(TEXTS)],
        "amount": cents / 100,
        "currency": "EUR",
    }


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for nothing else
    return JSONResponse(error.body, error.status)


def _not_valid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    where = ", ".join(".".join(str(part) for part in each["loc"][1:]) for each in error.errors())
    body = {"error": {"code": "invalid", "message": f"Not valid: {where[:200]}."}}
    return JSONResponse(body, 422)
