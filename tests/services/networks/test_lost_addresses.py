"""A network's steps on rows alone: what an AWS that does not answer cannot change."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from webapp.aws import Cloud
from webapp.errors import Conflict
from webapp.models import Address, AddressStatus, Nat, Network, NewChange, Status
from webapp.scope import CloudScope
from webapp.services import networks
from webapp.services.addresses import pool
from webapp.services.engine import leases
from webapp.services.networks import change
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

REGION = "eu-west-1"


@pytest.fixture
def scope(session: Session, nowhere: Cloud, settings: Settings) -> CloudScope:
    return CloudScope(session, "tests", nowhere, settings)


@pytest.fixture
def lost(session: Session) -> Address:
    """The address of a network; it was released outside Egret."""
    network = Network(
        name="bereft", region=REGION, cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
    )
    session.add(network)
    session.flush()
    address = Address(
        region=REGION,
        status=AddressStatus.LOST,
        allocation_id="eipalloc-1",
        public_ip="203.0.113.1",
        network_id=network.id,
        position=0,
    )
    session.add(address)
    session.commit()
    return address


def in_status(session: Session, status: Status) -> Network:
    network = networks.get(session, "bereft")
    network.status = status
    session.commit()
    return network


def test_a_retry_does_not_take_a_lost_address_for_one_in_use(
    scope: CloudScope, session: Session, lost: Address
) -> None:
    in_status(session, Status.FAILED)
    with pytest.raises(Conflict, match=r"used by bereft: 203\.0\.113\.1"):
        networks.retry(scope, "bereft")
    assert lost.status is AddressStatus.LOST


def test_a_change_does_not_take_a_lost_address_for_one_in_use(
    scope: CloudScope, session: Session, lost: Address
) -> None:
    network = in_status(session, Status.READY)
    with pytest.raises(Conflict, match="Released outside Egret"):
        change.create(scope, "bereft", NewChange(availability_zones=2))
    network.change = {"availability_zones": 2, "nat": "single", "preview": [{"action": "Add"}]}
    session.commit()
    with pytest.raises(Conflict, match="Released outside Egret"):
        change.confirm(scope, "bereft", anyway=True)
    assert lost.status is AddressStatus.LOST


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.READY])
def test_an_address_lost_after_the_click_ends_the_operation(
    scope: CloudScope, session: Session, engine: Engine, lost: Address, status: Status
) -> None:
    network = in_status(session, status)
    if status is Status.READY:
        network.change = {"availability_zones": 2, "nat": "single", "preview": []}
    leases.make_due(session, network.owner)
    session.commit()
    handlers = {"network": NetworkOperation.handler(scope.own, scope.settings)}
    leases.run_one(engine, handlers)
    session.expire_all()
    assert "Released outside Egret" in network.reason
    assert lost.status is AddressStatus.LOST
    assert not network.change


def test_a_lost_address_is_not_free_when_its_network_is_gone(
    scope: CloudScope, session: Session, lost: Address
) -> None:
    pool.free_all(session, scope.own, networks.get(session, "bereft"))
    session.commit()
    assert (lost.status, lost.network_id) == (AddressStatus.LOST, None)
