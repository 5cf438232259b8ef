"""How many statements a page or a list asks the database does not grow with its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.all_routes import PARAMETER, Route, routes_of
from tests.routes.conftest import HOST
from tests.routes.people import sign_in
from tests.services.rows import a_network, add, add_everything, an_address, an_event
from webapp.models import (
    AccessToken,
    Account,
    Caller,
    Function,
    FunctionRevision,
    Key,
    KeyVersion,
    Network,
    SavedRequest,
    Status,
    TokenKind,
    User,
    Whitelisting,
)
from webapp.scope import Scope

FEW, MANY = range(1, 4), range(4, 31)
"""All of them fit on one page of a list."""
ENDLESS = ("/stream", "/tail")
NAMES = {
    "accounts": "account-1",
    "callers": "caller-1",
    "functions": "function-1",
    "keys": "key-1",
    "networks": "network-1",
    "people": "person-1",
    "revisions": "1",
}


def path_of(route: Route) -> str:
    """To what there is: `/functions/function-1/callers/caller-1`."""
    made: list[str] = []
    for part in route.path.split("/"):
        is_parameter = bool(PARAMETER.fullmatch(part))
        made.append(NAMES.get(made[-1], "unknown") if is_parameter else part)
    return "/".join(made)


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The statements of the block."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def counted(app: FastAPI, client: DirectClient) -> dict[str, int]:
    """The number of statements of each page and answer."""
    paths = {path_of(route) for route in routes_of(app) if route.reads}
    found = {}
    for path in sorted(path for path in paths if not path.endswith(ENDLESS)):
        with counting(app.state.parts.engine) as statements:
            client.get(path)
        found[path] = len(statements)
    return found


def add_rows(session: Session, numbers: range) -> None:
    """Of everything so many, and so many of all that belongs to the first one."""
    for number in numbers:
        add_everything(session, number)
    first = session.exec(select(Function).where(Function.name == "function-1")).one()
    network, key = session.get_one(Network, first.network_id), session.get_one(Key, first.key_id)
    for number in numbers:
        session.add_all([*of_each(number), *of_the_first(number, network, key, first)])
        Scope(session, "tests").record("count", network)
    session.commit()


def of_each(number: int) -> list[Any]:
    user = User(name=f"person-{number}", password_hash="x")
    user.id = user.name
    token = AccessToken(kind=TokenKind.API, token_hash=f"t{number}", name=f"token-{number}")
    account = Account(
        name=f"account-{number}", number=f"{number:012}", role_arn="arn", external_id="x"
    )
    return [user, token, account, an_address(None, f"198.51.100.{number}")]


def of_the_first(number: int, network: Network, key: Key, function: Function) -> list[Any]:
    limits: dict[str, Any] = {"rate": 1, "burst": 2, "quota": 3, "status": Status.READY}
    configuration: dict[str, Any] = {
        "network_id": network.id,
        "network": "x",
        "key_id": key.id,
        "key": "x",
    }
    other = function.model_dump(exclude={"id", "name", "stack_id"})
    content = {"request": {"method": "GET", "path": "", "query": {}, "headers": {}, "body": ""}}
    return [
        Caller(function_id=function.id, name=f"caller-{number}", **limits),
        FunctionRevision(
            function_id=function.id, number=number, template=function.template, **configuration
        ),
        KeyVersion(id=f"v{number}", key_id=key.id, fingerprint="0"),
        SavedRequest(
            function_id=function.id, name=f"saved-{number}", content=content, created_by="ada"
        ),
        Whitelisting(
            network_id=network.id, partner=f"p{number}", partner_folded=f"p{number}", addresses=[]
        ),
        Function(**other, name=f"same-network-{number}"),
        an_event(network, "CREATE_COMPLETE", logical_id=f"R{number}"),
        an_event(function, "CREATE_COMPLETE", logical_id=f"R{number}"),
    ]


@thorough("each page is asked twice, with few rows and with many")
def test_no_page_asks_more_for_more_rows(app: FastAPI, session: Session) -> None:
    client = DirectClient(app, base_url=HOST, follow_redirects=False)
    sign_in(client, app)
    counts = []
    for numbers in (FEW, MANY):
        add_rows(session, numbers)
        counts.append(counted(app, client))
    few, many = counts
    grown = {path: (few[path], many[path]) for path in few if many[path] > few[path]}
    assert grown == {}


def test_the_overview_is_read_once_after_each_commit(
    app: FastAPI, signed_in: Any, session: Session
) -> None:
    add_everything(session, 1)
    engine = app.state.parts.engine
    counts = []
    for name in ("one", "two"):
        add(session, a_network(name))
        for _ in range(2):
            with counting(engine) as statements:
                assert name in signed_in.get("/overview").text
            counts.append(len(statements))
    assert counts[1] == counts[3] < counts[2]
