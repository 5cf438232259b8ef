"""Rows that tests of keys need."""

from sqlmodel import Session

from webapp.models import Address, Function, Key, Nat, Network, Status
from webapp.partners import KeyClaims


def add_network(session: Session, name: str, *ips: str) -> Network:
    network = Network(
        name=name,
        status=Status.READY,
        region="eu-central-1",
        cidr="10.0.0.0/16",
        availability_zones=1,
        nat=Nat.SINGLE,
    )
    session.add(network)
    session.flush()
    for position, ip in enumerate(ips):
        row = Address(region=network.region, public_ip=ip, position=position)
        row.network_id = network.id
        session.add(row)
    session.commit()
    return network


def add_key(session: Session, name: str, *cidrs: str, fingerprint: str = "0" * 16) -> Key:
    key = Key(
        name=name,
        partner="clash_of_clans",
        region="eu-central-1",
        secret_arn=f"arn:of:{name}",
        kms_key_arn="arn:of:a:kms:key",
        fingerprint=fingerprint,
        claims=KeyClaims("key", ("clash",), cidrs, "", "").as_json(),
    )
    session.add(key)
    session.commit()
    return key


def add_function(session: Session, key: Key, network: Network) -> Function:
    function = Function(
        name=f"f-{network.name}",
        status=Status.READY,
        template="clash_rankings",
        network_id=network.id,
        key_id=key.id,
    )
    session.add(function)
    session.commit()
    return function
