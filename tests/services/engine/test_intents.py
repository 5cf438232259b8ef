"""Requests at the same moment: the slower one runs again on what the faster one wrote."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, select

from webapp.models import Nat, Network
from webapp.scope import Scope
from webapp.services.engine.intents import ATTEMPTS_MAX, retry_on_conflict


@pytest.fixture
def network(session: Session) -> Network:
    made = Network(
        name="busy", region="eu-west-1", cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
    )
    session.add(made)
    session.commit()
    return made


class Rivals:
    """So many requests that change the row just before the service commits."""

    def __init__(self, engine: Engine, count: int) -> None:
        self._engine, self.left = engine, count

    def click(self) -> None:
        if self.left:
            self.left -= 1
            with Session(self._engine) as other:
                other.exec(select(Network)).one().idle_hours += 1
                other.commit()


@retry_on_conflict
def clicked(scope: Scope, rivals: Rivals) -> int:
    session = scope.session
    network = session.exec(select(Network)).one()
    network.idle_hours += 1
    rivals.click()
    session.commit()
    return network.idle_hours


@pytest.mark.usefixtures("network")
def test_the_service_runs_again_on_what_the_others_wrote(session: Session, engine: Engine) -> None:
    rivals = Rivals(engine, 5)
    assert clicked(Scope(session, "tests"), rivals) == 6
    assert rivals.left == 0


@pytest.mark.usefixtures("network")
def test_the_service_gives_up_when_another_request_is_always_faster(
    session: Session, engine: Engine
) -> None:
    with pytest.raises(StaleDataError):
        clicked(Scope(session, "tests"), Rivals(engine, ATTEMPTS_MAX))
