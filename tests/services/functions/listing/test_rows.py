"""What a list shows of a function is what its own page shows."""

from sqlmodel import Session, select

from tests.services.rows import a_snapshot, add, add_everything
from webapp.models import Function, Network, Status
from webapp.services import functions
from webapp.services.functions import listing


def test_a_list_shows_of_each_function_what_its_own_page_shows(session: Session) -> None:
    for number in range(3):
        add_everything(session, number)
    good, parked = session.exec(select(Function).order_by(Function.name)).all()[:2]
    add(session, a_snapshot(good, age_s=-1))
    session.get_one(Network, parked.network_id).status = Status.PARKED
    session.commit()
    listed = listing.page(session).rows
    assert len({each.health for each in listed}) == 2
    for each in listed:
        alone = functions.detail(session, each.function.name)
        assert each.health == alone.health
        assert each.failed == bool(alone.failure)
        assert alone.snapshot and each.fetched_at == alone.snapshot.fetched_at
        assert each.network.network.name == alone.network.name
        assert each.title == alone.template.title
