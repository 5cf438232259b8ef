"""Plans of changes: nothing is stored by making one."""

import pytest
from sqlmodel import Session, select

from tests.services.rows import add, add_function
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import (
    Function,
    FunctionChange,
    FunctionRevision,
    Key,
    RevisionStatus,
    SentBy,
    Status,
)
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.changes import plan
from webapp.services.functions.revisions import rows as revisions

SETTINGS = {"location": "32000006", "limit": 10, "ranking": "clans"}


@pytest.fixture
def function(session: Session) -> Function:
    function = add_function(session, settings=SETTINGS)
    live = revisions.describe(session, function, get_template("clash_rankings"))
    live.status = RevisionStatus.LIVE
    add(session, live)
    return function


def test_a_plan_has_the_code_of_the_live_revision_unless_the_newest_is_wanted(
    session: Session, function: Function
) -> None:
    live, template = revisions.live(session, function), get_template("clash_rankings")
    live.code, live.code_hash, live.template_version = "import this\n", "0", "0"
    session.commit()
    more = plan.of_change(session, function, FunctionChange(memory_mb=512)).revision
    assert more and (more.code, more.memory_mb, more.template_version) == (live.code, 512, "0")
    newest = FunctionChange(template_version=template.version)
    planned = plan.of_change(session, function, newest)
    assert [each.field for each in planned.differences] == ["template_version", "code"]
    assert planned.revision and planned.revision.code == template.handler
    newer = plan.newer_template(session, function)
    assert newer and "-import this" in newer.code_diff
    assert len(session.exec(select(FunctionRevision)).all()) == 1


def test_settings_follow_the_template_that_they_are_deployed_with(
    session: Session, function: Function
) -> None:
    live, template = revisions.live(session, function), get_template("clash_rankings")
    live.settings = function.settings = {"location": "32000006", "limit": 10, "old": "x"}
    session.commit()
    edited = plan.of_change(session, function, FunctionChange(settings={"limit": 5})).revision
    assert edited and edited.settings == SETTINGS | {"limit": 5, "old": "x"}, "the code reads it"
    newest = FunctionChange(template_version=template.version, memory_mb=512)
    moved = plan.of_change(session, function, newest).revision
    assert moved and moved.settings == SETTINGS
    live.settings = function.settings = {"limit": 10, "location": "gone"}
    session.commit()
    with pytest.raises(Invalid) as refused:
        plan.of_change(session, function, newest)
    assert list(refused.value.errors) == ["settings.location"]


def test_newer_code_gets_the_memory_and_the_time_that_it_needs_at_least(
    session: Session, function: Function
) -> None:
    live, template = revisions.live(session, function), get_template("clash_rankings")
    live.memory_mb, live.timeout_s = 64, 900
    session.commit()
    newest = FunctionChange(template_version=template.version)
    planned = plan.of_change(session, function, newest).revision
    limits = (template.memory.minimum, template.timeout.maximum)
    assert planned and (planned.memory_mb, planned.timeout_s) == limits


def test_newer_code_is_not_deployed_with_a_key_that_it_cannot_send(
    session: Session, function: Function
) -> None:
    live, template = revisions.live(session, function), get_template("clash_rankings")
    live.code, live.code_hash, live.template_version = "import this\n", "0", "0"
    key = session.get_one(Key, function.key_id)
    key.partner, key.sent_by, key.sent_as = "generic", SentBy.HEADER, "X-Key"
    session.commit()
    with pytest.raises(Conflict) as refused:
        plan.of_change(session, function, FunctionChange(template_version=template.version))
    assert refused.value.code == "wrong_kind_of_key"
    assert plan.of_change(session, function, FunctionChange(memory_mb=512)).revision


def test_without_its_template_no_revision_is_deployed(session: Session, function: Function) -> None:
    earlier = revisions.live(session, function)
    function.template = "gone"
    function.revision = 2
    with pytest.raises(NotFound):
        plan.of_copy(session, function, earlier)


def test_the_code_that_a_template_has_is_not_newer(session: Session, function: Function) -> None:
    assert plan.newer_template(session, function) is None


@pytest.mark.parametrize("status", [s for s in Status if s not in (Status.READY, Status.DELETING)])
def test_only_a_ready_function_is_deployed_but_any_has_other_labels(
    session: Session, function: Function, status: Status
) -> None:
    function.status = status
    with pytest.raises(Conflict):
        plan.of_change(session, function, FunctionChange(memory_mb=512))
    planned = plan.of_change(session, function, FunctionChange(environment="prod"))
    assert (planned.revision, len(planned.differences)) == (None, 1)


def test_a_function_that_is_being_deleted_is_not_changed_at_all(
    session: Session, function: Function
) -> None:
    function.status = Status.DELETING
    with pytest.raises(Conflict, match="being deleted"):
        plan.of_change(session, function, FunctionChange(environment="prod"))
