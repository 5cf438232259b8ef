"""Tags as AWS takes them and as it gives them back."""

from webapp.aws.tags import tag_list, tags_of

TAGS = {"Name": "egret shop", "egret:managed": "true"}


def test_tags_come_back_as_they_were_given() -> None:
    assert tags_of({"Tags": tag_list(TAGS)}) == TAGS


def test_network_interfaces_have_a_tag_set_and_some_things_no_tags() -> None:
    assert tags_of({"TagSet": tag_list(TAGS)}) == TAGS
    assert tags_of({}) == {}
