"""Lists: the newest of everything, by the same number of queries however long they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Engine, event
from sqlmodel import Session

from webapp.models import Address, Function, Key, Nat, Network, Proof, Snapshot, Status, utc_now
from webapp.services import functions, keys, networks, overview

ZONES = ("eu-central-1a", "eu-central-1b")
NOW = utc_now()
QUERIES_MAX = 20


def add_network(session: Session, number: int) -> None:
    """Two addresses, a function that failed after it had worked, and three proofs of each zone."""
    key = Key(
        name=f"key-{number}",
        partner="clash_of_clans",
        region="eu-central-1",
        secret_arn="arn:of:a:secret",
        kms_key_arn="arn:of:a:kms:key",
        fingerprint="0" * 16,
    )
    network = Network(
        name=f"network-{number}",
        status=Status.READY,
        region="eu-central-1",
        cidr=f"10.{number}.0.0/16",
        availability_zones=len(ZONES),
        nat=Nat.PER_AZ,
        outputs={"AvailabilityZones": ",".join(ZONES)},
    )
    session.add_all([key, network])
    session.flush()
    function = Function(
        name=f"function-{number}",
        status=Status.READY,
        template="clash_rankings",
        network_id=network.id,
        key_id=key.id,
    )
    session.add(function)
    session.flush()
    for position, zone in enumerate(ZONES):
        ip = f"203.0.{number}.{position}"
        region = network.region
        session.add(Address(region=region, public_ip=ip, network_id=network.id, position=position))
        for hours in range(3):
            at = NOW - timedelta(hours=hours)
            seen = ip if hours == 0 else "198.51.100.9"
            session.add(
                Proof(
                    network_id=network.id,
                    availability_zone=zone,
                    expected_ip=ip,
                    seen_ip=seen,
                    at=at,
                )
            )
    for hours, ok in ((0, False), (1, True), (2, True)):
        at = NOW - timedelta(hours=hours)
        session.add(Snapshot(function_id=function.id, ok=ok, fetched_at=at, etag=f"{hours}"))
    session.commit()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_list_shows_of_each_what_its_own_page_shows(session: Session) -> None:
    for number in range(3):
        add_network(session, number)
    assert len(networks.list_all(session)) == len(functions.list_all(session)) == 3
    for listed in networks.list_all(session):
        alone = networks.detail(session, listed.network.name)
        assert listed.addresses == alone.addresses
        assert listed.proofs == alone.proofs
        assert [proof.ok for proof in listed.proofs] == [True, True]
        assert (listed.zones, listed.functions) == (alone.zones, alone.functions)
    for each in functions.list_all(session):
        same = functions.detail(session, each.function.name)
        assert (each.snapshot, each.failure) == (same.snapshot, same.failure)
        assert each.snapshot and each.failure
        assert (each.snapshot.etag, each.failure.etag) == ("1", "0")
        assert (each.network, each.key, each.proofs) == (same.network, same.key, same.proofs)


def test_a_long_list_takes_as_many_queries_as_a_short_one(engine: Engine, session: Session) -> None:
    add_network(session, 0)
    session.expunge_all()
    with counted(engine) as short:
        overview.overview(session)
        keys.list_all(session)
    for number in range(1, 10):
        add_network(session, number)
    session.expunge_all()
    with counted(engine) as long:
        shown = overview.overview(session)
        keys.list_all(session)
    assert len(shown.networks) == len(shown.functions) == 10
    assert len(long) == len(short) <= QUERIES_MAX
