"""Roles and scopes as they are typed."""

import pytest

from webapp.errors import Invalid
from webapp.models import Role
from webapp.services.access.rights import checked_role, checked_scopes


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_known_by_its_name(role: Role) -> None:
    assert checked_role(role.value) is role


@pytest.mark.parametrize("text", ["owner", "Admin", " admin", ""])
def test_no_other_role_is_known(text: str) -> None:
    with pytest.raises(Invalid, match="the roles are viewer, operator, admin"):
        checked_role(text)


def test_scopes_are_kept_once_and_in_order() -> None:
    assert checked_scopes(["networks", "keys", "networks"]) == ["keys", "networks"]
    assert checked_scopes([]) == []


@pytest.mark.parametrize("text", ["network", "Keys", "", "*"])
def test_an_area_that_the_api_does_not_have_is_no_scope(text: str) -> None:
    with pytest.raises(Invalid, match="There is no scope"):
        checked_scopes(["keys", text])
