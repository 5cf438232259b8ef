"""The rows of lists: kept under what they are made of, so that no page shows an old one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from jinja2.meta import find_undeclared_variables
from sqlmodel import Session, SQLModel, select

from tests.services.accounts.test_details import an_account
from tests.services.rows import REGION, a_key, a_proof, a_snapshot, add, add_everything, an_address
from webapp.models import (
    Address,
    AddressStatus,
    Function,
    Key,
    KeyVersion,
    Nat,
    Network,
    Role,
    Status,
    utc_now,
)
from webapp.models.key import PENDING
from webapp.rendering.prepared import Prepared
from webapp.rendering.templating import ROOT, environment
from webapp.services import keys
from webapp.services.functions import listing as functions
from webapp.services.networks import detail
from webapp.services.networks import listing as networks

Rows = Callable[[Session], Any]
TOPOLOGY = "networks/_topology.html"
LISTS: dict[str, Rows] = {
    "addresses/_row.html": lambda session: networks.addresses.page(session).rows,
    "functions/_overview_row.html": lambda session: functions.page(session).rows,
    "functions/_row.html": lambda session: functions.page(session).rows,
    "keys/_row.html": lambda session: keys.page(session).rows,
    "networks/_overview_row.html": lambda session: networks.page(session).rows,
    "networks/_row.html": lambda session: networks.page(session).rows,
    TOPOLOGY: lambda session: [detail(session, one(session, Network).name).topology],
}
ADDRESSES, KEYS = "addresses/_row.html", "keys/_row.html"
OF_NETWORKS = {"networks/_row.html", "networks/_overview_row.html"}
OF_FUNCTIONS = {"functions/_row.html", "functions/_overview_row.html"}


def one(session: Session, model: type[SQLModel]) -> Any:
    """The first one by name."""
    return session.exec(select(model).order_by(model.name)).first()  # type: ignore[attr-defined]  # all have one


def the(model: type[SQLModel], **values: Any) -> Callable[[Session], None]:
    """A change of the first one of them."""

    def change(session: Session) -> None:
        row = one(session, model)
        for name, value in values.items():
            setattr(row, name, value)

    return change


def adding(make: Callable[[Session], list[SQLModel]]) -> Callable[[Session], None]:
    return lambda session: add(session, *make(session))


def to_another_account(session: Session) -> None:
    add(session, account := an_account("shop"))
    for model in (Network, Key, Address):
        one(session, model).account_id = account.id


def a_pending_version(session: Session) -> list[SQLModel]:
    key = one(session, Key)
    version = KeyVersion(id="v", key_id=key.id, stage=PENDING, fingerprint="1" * 16)
    version.claims = {"cidrs": []}
    return [version]


CHANGES: list[tuple[Callable[[Session], None], set[str]]] = [
    (the(Network, updated_at=utc_now() - timedelta(days=2)), {"networks/_row.html"}),
    (the(Network, change={"availability_zones": 3, "nat": Nat.PER_AZ}), {"networks/_row.html"}),
    (
        adding(lambda s: [a_proof(one(s, Network), seen_ip=None, at=utc_now())]),
        {*OF_NETWORKS, ADDRESSES, TOPOLOGY},
    ),
    (adding(lambda s: [a_snapshot(one(s, Function), age_s=-60)]), OF_FUNCTIONS),
    (the(Network, status=Status.PARKED), {*OF_NETWORKS, *OF_FUNCTIONS, ADDRESSES, TOPOLOGY}),
    (the(Address, name="renamed"), {ADDRESSES}),
    (the(Address, status=AddressStatus.LOST), {*OF_NETWORKS, ADDRESSES}),
    (the(Address, public_ip="198.51.100.77"), {*OF_NETWORKS, ADDRESSES}),
    (the(Function, name="a-function"), {*OF_FUNCTIONS, ADDRESSES, TOPOLOGY}),
    (the(Function, status=Status.FAILED), OF_FUNCTIONS),
    (the(Network, name="a-network"), {*OF_NETWORKS, "functions/_row.html", ADDRESSES, TOPOLOGY}),
    (the(Key, claims={"cidrs": ["203.0.0.0/16"]}), {KEYS, ADDRESSES}),
    (adding(a_pending_version), {KEYS}),
    (the(Key, fingerprint="f" * 16), {KEYS}),
    (adding(lambda _: [a_key("same", fingerprint="f" * 16, cidrs=())]), {KEYS}),
    (to_another_account, {"networks/_row.html", "functions/_row.html", KEYS, ADDRESSES}),
    (adding(lambda _: [an_address(ip="203.0.113.99", region=REGION)]), {ADDRESSES}),
]


def drawn(session: Session, prepared: Prepared) -> dict[str, str]:
    return {name: prepared.rows(name, read(session), Role.ADMIN) for name, read in LISTS.items()}


def test_whatever_changes_is_shown_at_once(session: Session) -> None:
    for number in range(2):
        add_everything(session, number)
    kept, before = Prepared(), drawn(session, Prepared())
    drawn(session, kept)
    for number, (change, lists) in enumerate(CHANGES):
        change(session)
        session.commit()
        now = drawn(session, Prepared())
        assert drawn(session, kept) == now
        changed = {name for name in LISTS if now[name] != before[name]}
        assert changed >= lists, number
        before = now


def test_a_row_knows_nothing_but_what_it_is_kept_under() -> None:
    folder = ROOT / "templates"
    rows = {str(path.relative_to(folder)) for path in folder.glob("*/_*row.html")}
    assert rows | {TOPOLOGY} == {*LISTS}
    for name in LISTS:
        names = find_undeclared_variables(environment().parse((folder / name).read_text()))
        assert not names - environment().globals.keys(), name


def test_rows_are_told_apart_by_what_their_reader_may_do(session: Session) -> None:
    add(session, an_address())
    prepared, rows = Prepared(), LISTS[ADDRESSES](session)
    by_role = {role: prepared.rows(ADDRESSES, rows, role) for role in Role}
    assert "Release" in by_role[Role.ADMIN]
    assert "Release" not in by_role[Role.OPERATOR]
    assert "Rename" not in by_role[Role.VIEWER]
    assert len({*by_role.values()}) == len(Role)


def test_what_somebody_typed_is_shown_to_nobody_else(session: Session) -> None:
    add(session, an_address())
    prepared, rows = Prepared(), LISTS[ADDRESSES](session)
    said = {rows[0].id: {"typed": "secret plan"}}
    assert "secret plan" in prepared.rows(ADDRESSES, rows, Role.ADMIN, said=said)
    assert "secret plan" not in prepared.rows(ADDRESSES, rows, Role.ADMIN)
