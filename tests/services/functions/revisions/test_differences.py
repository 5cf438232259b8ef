"""How two revisions differ."""

from typing import Any

from webapp.models import FunctionRevision
from webapp.services.functions.revisions.differences import between, chosen, code_diff


def a_revision(number: int = 1, **columns: Any) -> FunctionRevision:
    usual: dict[str, Any] = {
        "function_id": "f",
        "template": "t",
        "network_id": "n",
        "network": "main",
        "key_id": "k",
        "key": "clash",
        "settings": {"limit": 3},
    }
    return FunctionRevision(number=number, **usual | columns)


def test_each_field_and_setting_is_compared_and_what_is_equal_left_out() -> None:
    new = a_revision(memory_mb=512, settings={"limit": 3, "ranking": "clans"}, key_version="v2")
    found = [(each.field, each.before, each.after) for each in between(a_revision(), new)]
    assert found == [
        ("key_version", "", "v2"),
        ("memory_mb", 0, 512),
        ("settings.ranking", None, "clans"),
    ]
    assert between(new, new) == []


def test_the_version_of_a_key_is_not_what_somebody_chose() -> None:
    new = a_revision(key_version="v2", access="iam")
    assert [each.label for each in chosen(between(a_revision(), new))] == ["Access"]


def test_code_is_shown_as_a_unified_diff_unless_it_was_not_kept() -> None:
    old, new = a_revision(code="a\nb\n"), a_revision(2, code="a\nc\n")
    assert code_diff(old, new).splitlines()[:2] == ["--- revision 1", "+++ revision 2"]
    assert {"-b", "+c"} <= set(code_diff(old, new).splitlines())
    assert code_diff(a_revision(), new) == ""
