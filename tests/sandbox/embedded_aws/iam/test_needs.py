"""Tags of a request, as conditions know them."""

from webapp.sandbox.embedded_aws.iam.needs import request_tags


def test_each_tag_and_all_keys_are_known_and_without_tags_nothing_is() -> None:
    assert request_tags({"a": "1"}) == {"aws:RequestTag/a": "1", "aws:TagKeys": ["a"]}
    assert request_tags({}) == {}
