"""A database with so many networks, each with an address, a key, a function and their history.

The rows are written by SQL into the schema as it was at one revision; the product's own migrations
bring them up to date, as those of an installation. So another schema needs no other rows here.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from webapp.db import migrate

REVISION = "20261130_passkeys"
REGION = "eu-central-1"
ZONE = f"{REGION}a"
FIRST_IP = IPv4Address("52.0.0.1")
DAY_S = 86_400
EVENTS = 10
"""Of each network's stack."""
BODY = Path(__file__).parents[1] / "data" / "rankings_top10.json"
WATCHED = "watched"
"""The network that is never ready: its page is live for as long as somebody looks at it."""
Row = dict[str, Any]


def make_database(file: Path, networks: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    migrate(f"sqlite:///{file}", REVISION)
    with closing(sqlite3.connect(file)) as database:
        for table, row in _rows(networks):
            names = ", ".join(f'"{name}"' for name in row)
            values = ", ".join(f":{name}" for name in row)
            database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({values})', row)
        database.commit()
    migrate(f"sqlite:///{file}")


def name_of(noun: str, number: int) -> str:
    return f"{noun}-{number:05}"


def link_of(number: int) -> str:
    """The secret part of the public link to a network's whitelist."""
    return f"link{number:028}"


def an_event(owner: str, number: int) -> Row:
    """A resource of the network's stack was created."""
    return {
        "owner": owner,
        "event_id": f"{owner}-{number}",
        "operation_id": "operation",
        "logical_id": f"Resource{number}",
        "physical_id": f"resource-{number}",
        "resource_type": "AWS::EC2::Subnet",
        "status": "CREATE_COMPLETE",
        "reason": "",
        "at": _at(0),
    }


def _rows(networks: int) -> Iterator[tuple[str, Row]]:
    # The rounds call AWS, which is not there: not today.
    yield "lease", _lease(f"region:{REGION}")
    yield "network", _network(0) | {"name": WATCHED, "status": "creating", "outputs": "{}"}
    for number in range(1, networks + 1):
        ip = str(FIRST_IP + number)
        yield "network", _network(number)
        yield "address", _address(number, ip)
        yield "key", _key(number, ip)
        yield "key_version", _key_version(number, ip)
        yield "function", _function(number)
        yield "function_revision", _function_revision(number)
        yield "snapshot", _snapshot(number, ip)
        yield "proof", _proof(number, ip)
        for event in range(EVENTS):
            yield "stack_event", an_event(f"network:n{number}", event)


def _network(number: int) -> Row:
    outputs = {
        "VpcId": f"vpc-{number:017x}",
        "AvailabilityZones": ZONE,
        "NatGatewayIds": f"nat-{number:017x}",
        "PrivateSubnetIds": f"subnet-{number:017x}",
        "ProbeFunctionNames": f"egret-network-{number}-probe-1",
    }
    return _stack("n", "network", number, outputs) | {
        "region": REGION,
        "cidr": f"10.{number % 256}.0.0/16",
        "availability_zones": 1,
        "nat": "single",
        "environment": "",
        "protected": 0,
        "change": "{}",
        "hours": "{}",
        "link": link_of(number),
        "idle_hours": 0,
        "zones": json.dumps([ZONE]),
    }


def _address(number: int, ip: str) -> Row:
    return {
        "id": f"a{number}",
        "name": name_of("network", number),
        "region": REGION,
        "status": "in_use",
        "allocation_id": f"eipalloc-{number:017x}",
        "public_ip": ip,
        "network_id": f"n{number}",
        "position": 0,
        "created_at": _at(DAY_S),
    }


def _key(number: int, ip: str) -> Row:
    return {
        "id": f"k{number}",
        "name": name_of("key", number),
        "partner": "clash_of_clans",
        "environment": "",
        "note": "",
        "region": REGION,
        "secret_arn": f"arn:aws:secretsmanager:{REGION}:000000000000:secret:key-{number}",
        "kms_key_arn": f"arn:aws:kms:{REGION}:000000000000:key/1",
        "fingerprint": f"{number:016x}",
        "claims": _claims(ip),
        "created_at": _at(DAY_S),
    }


def _claims(ip: str) -> str:
    return json.dumps({"kind": "clash_of_clans", "cidrs": [ip], "scopes": ["clash"]})


def _key_version(number: int, ip: str) -> Row:
    return {
        "id": f"v{number}",
        "key_id": f"k{number}",
        "stage": "AWSCURRENT",
        "fingerprint": f"{number:016x}",
        "claims": _claims(ip),
        "created_at": _at(DAY_S),
    }


def _function(number: int) -> Row:
    outputs = {
        "FunctionName": f"egret-function-{number}",
        "RestApiId": f"api{number}",
        "StageName": "live",
        "EndpointUrl": f"https://api{number}.execute-api.{REGION}.amazonaws.com/live/",
    }
    return _stack("f", "function", number, outputs) | {
        "template": "clash_rankings",
        "environment": "",
        "network_id": f"n{number}",
        "key_id": f"k{number}",
        "settings": "{}",
        "access": "api_key",
        "cors_origins": "[]",
        "revision": 1,
    }


def _function_revision(number: int) -> Row:
    return {
        "id": f"r{number}",
        "function_id": f"f{number}",
        "number": 1,
        "status": "live",
        "reason": "",
        "actor": "ada",
        "created_at": _at(DAY_S),
        "template": "clash_rankings",
        "template_version": "",
        "code": "",
        "code_hash": "",
        "code_key": "",
        "packaged": 0,
        "network_id": f"n{number}",
        "network": name_of("network", number),
        "key_id": f"k{number}",
        "key": name_of("key", number),
        "key_version": f"v{number}",
        "settings": "{}",
        "access": "api_key",
        "cors_origins": "[]",
        "memory_mb": 256,
        "timeout_s": 28,
    }


def _snapshot(number: int, ip: str) -> Row:
    return {
        "id": f"s{number}",
        "function_id": f"f{number}",
        "ok": 1,
        "fetched_at": _at(0),
        "ttl_s": DAY_S,
        "upstream_status": 200,
        "egress_ip": ip,
        "content_type": "application/json",
        "etag": f"{number:032x}",
        "body": BODY.read_bytes(),
        "problem": "",
        "remedy": "",
    }


def _proof(number: int, ip: str) -> Row:
    return {
        "id": f"p{number}",
        "network_id": f"n{number}",
        "availability_zone": ZONE,
        "expected_ip": ip,
        "seen_ip": ip,
        "echo": "https://checkip.amazonaws.com",
        "problem": "",
        "request_id": "",
        "at": _at(0),
    }


def _lease(resource: str) -> Row:
    due_at = datetime.now(UTC).timestamp() + DAY_S
    return {"resource": resource, "due_at": due_at, "expires_at": 0, "owner": "", "fence": 0}


def _stack(letter: str, noun: str, number: int, outputs: Mapping[str, str]) -> dict[str, Any]:
    name = name_of(noun, number)
    return {
        "id": f"{letter}{number}",
        "name": name,
        "status": "ready",
        "reason": "",
        "remedy": "",
        "operation_id": "operation",
        "started_at": _at(DAY_S),
        "stack_id": f"arn:aws:cloudformation:{REGION}:000000000000:stack/egret-{name}/1",
        "creation_id": "operation",
        "resource_count": EVENTS,
        "attempts": 1,
        "attempts_max": 0,
        "retain": "[]",
        "outputs": json.dumps(outputs),
        "created_at": _at(DAY_S),
        "updated_at": _at(DAY_S),
        "version": 1,
    }


def _at(age_s: float) -> str:
    """As SQLAlchemy writes a time."""
    return (datetime.now(UTC) - timedelta(seconds=age_s)).strftime("%Y-%m-%d %H:%M:%S.%f")
