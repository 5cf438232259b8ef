"""Users of the embedded AWS: what each may do, and that their secrets say nothing of others'."""

import json
import re

from webapp.aws import policy
from webapp.aws.policy import Place
from webapp.sandbox.folder import Credentials
from webapp.sandbox.users import Users, derived

ADMINISTRATOR = Credentials("AKIAADMINISTRATOR", "the administrator's")
USERS = Users(ADMINISTRATOR, Place("111122223333", prefix="shop"), "444455556666")


def test_the_dashboard_has_exactly_the_policies_that_are_printed_for_it() -> None:
    (dashboard,) = [user for user in USERS.all() if user.name == "dashboard"]
    assert dashboard.policies == {
        "shop-dashboard": policy.dashboard(USERS.place),
        "shop-cloudformation": policy.cloudformation(USERS.place),
    }
    assert json.loads(USERS.as_json())["policies"] == {
        "shop-boundary": policy.boundary(USERS.place)
    }


def test_credentials_that_follow_from_others_stay_the_same_and_look_like_those_of_aws() -> None:
    made = derived(ADMINISTRATOR, "dashboard")
    assert made == derived(ADMINISTRATOR, "dashboard")
    assert re.fullmatch("AKIA[A-Z2-7]{16}", made.access_key_id)
    assert re.fullmatch("[0-9a-f]{40}", made.secret)


def test_nobody_has_the_credentials_of_another_one() -> None:
    second = [USERS.second_administrator.secret, USERS.second_nat.secret]
    found = [USERS.administrator.secret, USERS.dashboard.secret, USERS.nat.secret, *second]
    assert len(set(found)) == len(found)
    others = derived(Credentials("AKIAADMINISTRATOR", "another one's"), "dashboard")
    assert others.secret != USERS.dashboard.secret
