"""Rows as the services leave them, for tests that need nothing but the database."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, SQLModel

from webapp.models import (
    Address,
    AddressStatus,
    Function,
    Key,
    Nat,
    Network,
    NewFunction,
    Proof,
    Snapshot,
    StackEvent,
    StackRow,
    Status,
    utc_now,
)
from webapp.partners import KeyClaims
from webapp.services.engine.events import STACK_TYPE

REGION = "eu-central-1"
IP = "203.0.113.7"
ZONES = (f"{REGION}a", f"{REGION}b")
_numbers = count(1)


def add(session: Session, *rows: SQLModel) -> None:
    """One after the other: a row may refer to an earlier one."""
    for row in rows:
        session.add(row)
        session.flush()
    session.commit()


def a_network(name: str = "net", **columns: Any) -> Network:
    """Ready, in one zone, with one NAT gateway."""
    usual: dict[str, Any] = {
        "region": REGION,
        "cidr": "10.0.0.0/16",
        "availability_zones": 1,
        "nat": Nat.SINGLE,
        "status": Status.READY,
    }
    return Network(name=name, **usual | columns)


def an_address(network: Network | None = None, ip: str = IP, **columns: Any) -> Address:
    """Allocated; free, or the first one of the network."""
    usual: dict[str, Any] = {"region": REGION, "public_ip": ip, "allocation_id": f"eipalloc-{ip}"}
    of_network: dict[str, Any] = {"network_id": network.id, "position": 0} if network else {}
    status = AddressStatus.IN_USE if network else AddressStatus.FREE
    return Address(**usual | of_network | {"status": status} | columns)


def a_key(name: str = "key", *, cidrs: tuple[str, ...] = (IP,), **columns: Any) -> Key:
    """A key without a secret: nothing calls the partner with it."""
    claims = KeyClaims(kind="x", scopes=(), cidrs=cidrs, tier="x", issued_at="")
    usual: dict[str, Any] = {
        "partner": "clash_of_clans",
        "region": REGION,
        "secret_arn": "arn:of:a:secret",
        "kms_key_arn": "arn:of:a:kms:key",
        "fingerprint": "0" * 16,
        "claims": claims.as_json(),
    }
    return Key(name=name, **usual | columns)


def a_function(network: Network, key: Key, name: str = "fun", **columns: Any) -> Function:
    usual: dict[str, Any] = {"template": "clash_rankings", "status": Status.READY}
    return Function(name=name, network_id=network.id, key_id=key.id, **usual | columns)


def a_new_function(name: str, *, network: str = "", key: str = "", limit: int = 10) -> NewFunction:
    """As a form asks for it; its network and key have its name if nothing else is said."""
    return NewFunction(
        name=name,
        template="clash_rankings",
        network=network or name,
        key=key or name,
        settings={"location": "32000006", "limit": limit},
    )


def add_function(session: Session, **columns: Any) -> Function:
    """A function with its key, in a network with one address."""
    network, key = a_network(), a_key()
    function = a_function(network, key, **columns)
    add(session, network, key, an_address(network), function)
    return function


def add_usable_function(session: Session) -> Function:
    """A function with all that a change of it needs: as `add_function`, and as AWS left it."""
    function = add_function(
        session,
        outputs={"FunctionName": "egret-fun"},
        stack_id="arn:aws:cloudformation:eu-central-1:000000000000:stack/egret-function-fun/1",
        settings={"location": "32000006", "limit": 10, "ranking": "clans"},
    )
    network = session.get_one(Network, function.network_id)
    network.outputs = {"SecurityGroupId": "sg-1", "SubnetIds": "subnet-1", "VpcId": "vpc-1"}
    session.commit()
    return function


def an_event(row: StackRow, status: str, **columns: Any) -> StackEvent:
    """An event of the row's current operation."""
    usual: dict[str, Any] = {
        "operation_id": row.operation_id,
        "logical_id": "Vpc",
        "physical_id": "vpc-1",
        "resource_type": "AWS::EC2::VPC",
        "at": utc_now(),
    }
    event_id = f"event-{next(_numbers)}"
    return StackEvent(owner=row.owner, event_id=event_id, status=status, **usual | columns)


def a_stack_event(row: StackRow, status: str, **columns: Any) -> StackEvent:
    """An event of the stack itself."""
    return an_event(row, status, resource_type=STACK_TYPE, logical_id="stack", **columns)


def a_snapshot(
    function: Function, *, ok: bool = True, age_s: float = 0, **columns: Any
) -> Snapshot:
    return Snapshot(function_id=function.id, ok=ok, fetched_at=ago(age_s), **columns)


def a_proof(network: Network, *, zone: str = ZONES[0], ip: str = IP, **columns: Any) -> Proof:
    usual: dict[str, Any] = {"availability_zone": zone, "expected_ip": ip, "seen_ip": ip}
    return Proof(network_id=network.id, **usual | columns)


def ago(seconds: float) -> datetime:
    return utc_now() - timedelta(seconds=seconds)


def add_everything(session: Session, number: int) -> None:
    """A network of two zones with their addresses and three proofs of each, and a function in it
    that failed after it had worked."""
    key = a_key(f"key-{number}", cidrs=())
    network = a_network(
        f"network-{number}",
        cidr=f"10.{number}.0.0/16",
        availability_zones=len(ZONES),
        nat=Nat.PER_AZ,
        outputs={"AvailabilityZones": ",".join(ZONES)},
    )
    function = a_function(network, key, f"function-{number}")
    add(session, key, network, function)
    for position, zone in enumerate(ZONES):
        ip = f"203.0.{number}.{position}"
        session.add(an_address(network, ip, position=position))
        for hours in range(3):
            seen = ip if hours == 0 else "198.51.100.9"
            at = ago(3600 * hours)
            session.add(a_proof(network, zone=zone, ip=ip, seen_ip=seen, at=at))
    for hours, ok in ((0, False), (1, True), (2, True)):
        session.add(a_snapshot(function, ok=ok, age_s=3600 * hours, etag=f"{hours}"))
    session.commit()
