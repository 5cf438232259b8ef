"""A stack's events on a page."""

from sqlmodel import Session

from tests.services.rows import a_network, add, an_event
from webapp.rendering.timelines import timeline_of


def test_it_shows_each_event_that_has_arrived_newest_first(session: Session) -> None:
    network = a_network()
    add(session, network)
    assert timeline_of(session, network).newest_id == 0
    add(session, network, an_event(network, "CREATE_COMPLETE", logical_id="First"))
    before = timeline_of(session, network)
    add(session, an_event(network, "CREATE_FAILED", logical_id="Second", reason="<why>"))
    after = timeline_of(session, network)
    assert ("First" in before.lines, "Second" in before.lines) == (True, False)
    assert after.lines.index("Second") < after.lines.index("First")
    assert "&lt;why&gt;" in after.lines
    assert after.newest_id > before.newest_id > 0


def test_it_is_drawn_once_for_the_same_events(session: Session) -> None:
    network = a_network()
    add(session, network, an_event(network, "CREATE_COMPLETE"))
    assert timeline_of(session, network).lines is timeline_of(session, network).lines
