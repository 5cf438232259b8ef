"""The rows of revisions: numbers, statuses, and what the function's row says of them."""

import pytest
from sqlmodel import Session

from tests.services.rows import add, add_function
from webapp.errors import NotFound
from webapp.models import Function, RevisionStatus
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.revisions import rows as revisions


@pytest.fixture
def function(session: Session) -> Function:
    return add_function(session, settings={"limit": 3})


def deployed(session: Session, function: Function, **columns: int) -> None:
    """A pending revision like the live one but for these."""
    new = revisions.describe(session, function, get_template("clash_rankings"))
    for name, value in columns.items():
        setattr(new, name, value)
    revisions.add(session, function, new, actor="ada")
    session.commit()


def test_the_pending_revision_is_what_is_to_be_deployed_and_then_is_live(
    session: Session, function: Function
) -> None:
    revisions.add_first(session, function, get_template("clash_rankings"), actor="ada")
    revisions.make_live(session, function)
    deployed(session, function, memory_mb=512)
    assert (function.memory_mb, function.next_key_id) == (256, function.key_id)
    assert revisions.to_deploy(session, function).number == 2
    revisions.make_live(session, function)
    assert (function.memory_mb, function.revision, function.next_key_id) == (512, 2, None)
    found = [(each.number, each.status) for each in revisions.newest_first(session, function)]
    assert found == [(2, RevisionStatus.LIVE), (1, RevisionStatus.REPLACED)]
    assert revisions.make_live(session, function) is None


def test_a_revision_that_failed_keeps_its_number_and_its_reason(
    session: Session, function: Function
) -> None:
    deployed(session, function, memory_mb=512)
    revisions.fail(session, function, "no room")
    failed = revisions.get(session, function, 2)
    assert (failed.status, failed.reason, function.revision) == (
        RevisionStatus.FAILED,
        "no room",
        1,
    )
    assert revisions.to_deploy(session, function).memory_mb == 256
    deployed(session, function)
    assert revisions.pending(session, function) == revisions.get(session, function, 3)


def test_a_function_from_before_there_were_revisions_has_the_code_of_its_template(
    session: Session, function: Function
) -> None:
    live = revisions.live(session, function)
    assert (live.number, live.code) == (1, get_template("clash_rankings").handler)
    kept = revisions.describe(session, function, get_template("clash_rankings"))
    kept.code = ""
    kept.status = RevisionStatus.LIVE
    add(session, kept)
    assert revisions.live(session, function).code == live.code
    session.commit()
    assert revisions.get(session, function, 1).code == "", "nobody knows what is deployed"
    for status in (RevisionStatus.PENDING, RevisionStatus.LIVE):
        kept.status, kept.code = status, ""
        assert revisions.to_deploy(session, function).code == live.code
    assert kept.code_hash == live.code_hash


def test_revisions_are_read_page_by_page_and_a_missing_one_is_not_found(
    session: Session, function: Function
) -> None:
    for _ in range(3):
        deployed(session, function)
    newest = revisions.newest_first(session, function, limit=2)
    older = revisions.newest_first(session, function, before=newest[-1].number)
    assert ([r.number for r in newest], [r.number for r in older]) == ([4, 3], [2])
    with pytest.raises(NotFound, match="no revision 9"):
        revisions.get(session, function, 9)
