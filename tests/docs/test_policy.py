"""The page of permissions is what `make policy` writes."""

from docs.make_policy import PAGE, policy_text


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == policy_text(), "docs/policy.md is out of date: run `make policy`"
