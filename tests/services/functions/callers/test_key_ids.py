"""Whose an API key was is known for as long as a log has it."""

from datetime import timedelta

from tests.services.functions.callers.rows import a_caller, add_caller, function_of
from tests.services.rows import add
from webapp.models import FormerKey, utc_now
from webapp.scope import CloudScope
from webapp.services.functions.callers import key_ids
from webapp.services.functions.callers.key_ids import KEPT


def test_keys_that_ended_are_known_after_those_of_now(offline: CloudScope) -> None:
    session = offline.session
    caller = add_caller(session)
    old = {"caller": "shop", "function_id": caller.function_id}
    add(session, FormerKey(api_key_id="old", ended_at=utc_now() - timedelta(days=2), **old))
    add(session, FormerKey(api_key_id="gone", ended_at=utc_now() - KEPT - timedelta(1), **old))
    key_ids.ended(session, caller)
    key_ids.ended(session, caller)  # once more after a crash
    key_ids.ended(session, a_caller(function_of(session), "new", api_key_id=""))
    caller.api_key_id = "now"
    session.commit()
    assert list(key_ids.names(session, function_of(session)).items()) == [
        ("now", "web"),
        ("key-web", "web"),
        ("old", "shop"),
    ]


def test_the_keys_of_a_function_go_with_it(offline: CloudScope) -> None:
    session = offline.session
    caller = add_caller(session)
    key_ids.ended(session, caller)
    session.delete(caller)
    session.commit()
    function = function_of(session)
    session.delete(function)
    session.commit()
    assert key_ids.names(session, function) == {}
