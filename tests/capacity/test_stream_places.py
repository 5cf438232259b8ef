"""So many streams of one session, and so many in all."""

from contextlib import ExitStack

import pytest

from webapp.capacity.stream_places import (
    OF_SESSION_MAX,
    STREAMS_MAX,
    StreamPlaces,
)
from webapp.errors import Busy


def test_a_session_has_its_places_and_others_have_theirs() -> None:
    places = StreamPlaces()
    with ExitStack() as held:
        for _ in range(OF_SESSION_MAX):
            held.enter_context(places.hold("one"))
        with pytest.raises(Busy, match=f"{OF_SESSION_MAX} of your pages are live"):
            held.enter_context(places.hold("one"))
        with places.hold("other"):
            pass
    with places.hold("one"):
        pass


def test_there_are_so_many_places_in_all() -> None:
    places = StreamPlaces()
    with ExitStack() as held:
        for number in range(STREAMS_MAX):
            held.enter_context(places.hold(str(number)))
        with pytest.raises(Busy, match=f"{STREAMS_MAX:,} pages of all users"):
            held.enter_context(places.hold("another"))
