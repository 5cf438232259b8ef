"""On the embedded AWS: a copy from the middle of an operation carries it to its end."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.dashboard import wait_for
from tests.databases import prepare
from webapp.backup.copies import back_up, restore
from webapp.db import temporary_engine
from webapp.models import Network, NewNetwork, Status
from webapp.services import addresses, networks
from webapp.services.engine import leases
from webapp.services.networks.operation import NetworkOperation
from webapp.services.scope import CloudScope
from webapp.settings import Settings

NAME, REGION = "copied", "us-east-1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"name_prefix": "copies"})


def test_a_network_that_was_being_built_gets_ready_in_the_restored_database(
    scope: CloudScope, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    choices = {"name": NAME, "region": REGION, "availability_zones": 1}
    network = networks.create(scope, NewNetwork.model_validate(choices))
    handlers = {"network": NetworkOperation.handler(scope.own, settings)}

    def step_until_creating() -> bool:
        leases.run_one(engine, handlers)
        scope.session.refresh(network)
        return network.status is Status.CREATING

    wait_for(step_until_creating, 30)
    file = tmp_path / "backup.jsonl.gz"
    back_up(settings.database, file)

    elsewhere = Settings(data_dir=tmp_path / "new")
    prepare(elsewhere)
    restore(elsewhere.database, file, actor="tests")
    with temporary_engine(elsewhere.database) as new, Session(new, expire_on_commit=False) as found:
        restored = CloudScope(found, "tests", scope.own, settings)

        def status() -> Status | None:
            leases.run_one(new, handlers)
            found.expire_all()
            row = found.exec(select(Network).where(Network.name == NAME)).first()
            return row.status if row else None

        wait_for(lambda: status() is Status.READY, 60)
        (address,) = addresses.of_network(found, network.id)
        assert address.public_ip
        networks.delete(restored, NAME, typed=NAME)
        wait_for(lambda: status() is None, 60)
        addresses.release(restored, address.id, typed=address.public_ip)
