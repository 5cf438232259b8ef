"""One look for all who watch: read once, made once, sent to each."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session, col, delete

from tests import loops
from tests.postgresql import on_either_database
from tests.services.rows import a_network, add, an_event
from tests.watching.followed import KEY, NAME, Page, Replica, heard, signed_in, until
from webapp.models import AccessToken, Network, Role, Status, utc_now
from webapp.services.engine.progress import RESULT_WITHIN
from webapp.settings import Settings
from webapp.watching.hub import PING_S
from webapp.watching.readers import Watcher

PAGES = 50
SOON = timedelta(seconds=1)


@pytest.fixture
def network(session: Session) -> Network:
    made = a_network(NAME, status=Status.CREATING)
    add(session, made)
    return made


def test_many_streams_of_a_page_cause_one_read_for_each_change(
    network: Network, session: Session, settings: Settings
) -> None:
    own, replica = signed_in(session), Replica(settings)

    async def watch() -> None:
        pages = [Page(own) for _ in range(PAGES)]
        with replica.open(*pages):
            await heard("event: status", *pages)
            for number in range(1, 4):
                reads, made = replica.pages.reads, replica.pages.made
                add(session, an_event(network, "CREATE_COMPLETE", logical_id=f"Part{number}"))
                await heard("event: row", *pages, times=number)
                assert (replica.pages.reads, replica.pages.made) == (reads + 1, made + 1)

    loops.run(watch())


def test_what_is_made_is_for_a_role(network: Network, session: Session, settings: Settings) -> None:
    network.status, network.reason = Status.READY, "A NAT gateway could not be deleted."
    session.commit()
    own, replica = signed_in(session), Replica(settings)

    async def watch() -> None:
        viewer, operator = Page(own), Page(own, role=Role.OPERATOR)
        with replica.open(viewer, operator):
            await heard("event: status", viewer, operator)
        assert "/parking" in operator.heard
        assert "/parking" not in viewer.heard

    loops.run(watch())


def test_a_slow_reader_is_dropped_and_resumes_without_a_gap(
    network: Network, session: Session, settings: Settings
) -> None:
    own, replica = signed_in(session), Replica(settings)
    events = [an_event(network, "CREATE_COMPLETE", logical_id=f"Part{n}") for n in range(4)]

    async def watch() -> None:
        slow, other = Page(own), Page(own)
        with replica.open(slow, other):
            add(session, events[0])
            await heard("<strong>Part0", slow, other)
            slow.is_slow = True
            add(session, events[1])
            await until(lambda: slow.is_over and "Part1" in other.heard)
        add(session, events[2])
        again = Page(own, after=events[0].id or 0)
        with replica.open(again, other):
            await heard("<strong>Part2", again)
            add(session, events[3])
            await heard("<strong>Part3", again, other)
        assert [f"Part{n}" in again.heard for n in range(4)] == [False, True, True, True]
        assert again.heard.count("event: row") == 3
        assert not other.is_over

    loops.run(watch())


@on_either_database
def test_two_replicas_see_what_a_third_one_writes(
    network: Network, session: Session, settings: Settings
) -> None:
    own, replicas = signed_in(session), [Replica(settings), Replica(settings)]

    async def watch() -> None:
        pages, person = [Page(own), Page(own)], Watcher(own, KEY)
        one, other = replicas
        with one.open(pages[0]), other.open(pages[1]), other.hub.joined(person):
            await heard("event: status", *pages)
            add(session, an_event(network, "CREATE_COMPLETE"))
            await heard("event: row", *pages)
            session.delete(session.get_one(Network, network.id))
            session.commit()
            await heard("event: gone", *pages)
            assert all(page.is_over for page in pages)
            await person.ended

    loops.run(watch())


def test_who_has_signed_out_is_told_nothing_more(
    network: Network, session: Session, settings: Settings
) -> None:
    own, other, replica = signed_in(session), signed_in(session, "bob"), Replica(settings)

    async def watch() -> None:
        gone, stays, person = Page(own), Page(other), Watcher(own, KEY)
        with replica.open(gone, stays), replica.hub.joined(person):
            await heard("event: status", gone)
            session.connection().execute(delete(AccessToken).where(col(AccessToken.id) == own))
            add(session, an_event(network, "CREATE_COMPLETE"))
            await until(lambda: gone.is_over and person.ended.done() and "row" in stays.heard)
        assert "event: row" not in gone.heard
        assert not stays.is_over

    loops.run(watch())


def test_a_stream_that_has_nothing_to_say_is_kept_open_by_a_comment(
    session: Session, settings: Settings
) -> None:
    now_s = 0.0
    add(session, a_network(NAME, status=Status.CREATING))
    own, replica = signed_in(session), Replica(settings, lambda: now_s)

    async def watch() -> None:
        nonlocal now_s
        page = Page(own)
        with replica.open(page):
            await heard("event: status", page)
            for number in range(1, 4):
                now_s += PING_S
                await heard(": ping\n\n", page, times=number)

    loops.run(watch())


def test_what_happens_between_a_page_and_its_stream_is_not_missed(
    network: Network, session: Session, settings: Settings
) -> None:
    own, replica = signed_in(session), Replica(settings)

    async def watch() -> None:
        first, second = Page(own), Page(own)
        with replica.open(first):
            await heard("event: status", first)
            version = replica.hub.version
            view = replica.pages.read(session, KEY, 0)
            assert view is not None
            second.reader.sent = view.state
            add(session, an_event(network, "CREATE_COMPLETE"))
            await heard("event: row", first)
            replica.hub.join(second.reader, version)
            await heard("event: row", second)
            replica.hub.leave(second.reader)

    loops.run(watch())


def test_a_deletion_between_a_page_and_its_stream_is_not_missed(
    network: Network, session: Session, settings: Settings
) -> None:
    own, replica = signed_in(session), Replica(settings)

    async def watch() -> None:
        page = Page(own)
        view = replica.pages.read(session, KEY, 0)
        assert view is not None
        page.reader.sent = view.state
        session.delete(session.get_one(Network, network.id))
        session.commit()
        with replica.open(page):
            await heard("event: gone", page)
        assert page.is_over

    loops.run(watch())


def test_a_page_that_became_ready_just_now_is_settled_although_nothing_follows(
    network: Network, session: Session, settings: Settings
) -> None:
    own, replica = signed_in(session), Replica(settings)
    other = a_network("another", status=Status.CREATING)
    add(session, other)

    async def watch() -> None:
        page, watcher = Page(own), Watcher(own, ("networks", other.name))
        with replica.hub.joined(watcher):
            await until(lambda: replica.hub.version > 0)
            network.status, network.updated_at = Status.READY, utc_now() - RESULT_WITHIN + SOON
            session.commit()
            await until(lambda: replica.hub.version > 1)
            replica.hub.join(page.reader, replica.hub.version)
            await heard("event: done", page)

    loops.run(watch())


def test_nothing_is_read_for_nobody(settings: Settings, session: Session) -> None:
    own, replica = signed_in(session), Replica(settings)

    async def watch() -> None:
        with replica.hub.joined(Watcher(own, KEY)):
            await until(lambda: replica.hub.version > 0)
        version = replica.hub.version
        await until(lambda: not replica.hub.is_awake)
        session.commit()
        await asyncio.sleep(0)
        assert replica.hub.version == version

    loops.run(watch())
