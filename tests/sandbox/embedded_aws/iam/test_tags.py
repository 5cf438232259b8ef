"""Tags of resources that exist, by their ARNs."""

import pytest
from ministack.services import apigateway_v1, ec2, iam

from webapp.sandbox.embedded_aws.iam.tags import tags_of

OURS = {"egret:managed": "true"}
LISTED = [{"Key": "egret:managed", "Value": "true"}]


@pytest.mark.parametrize(
    ("arn", "tags"),
    [
        ("arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1", OURS),
        ("arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-2", {}),
        ("arn:aws:ec2:eu-central-1:111122223333:vpc/*", {}),
        ("arn:aws:iam::111122223333:role/egret-x", OURS),
        ("arn:aws:iam::111122223333:user/egret-x", {}),
        ("arn:aws:apigateway:eu-central-1::/restapis/a1/resources/r1/methods/GET", OURS),
        ("arn:aws:apigateway:eu-central-1::/restapis", {}),
        ("arn:aws:apigateway:eu-central-1::/tags/x", {}),
        ("*", {}),
    ],
)
def test_what_belongs_to_an_api_has_the_tags_of_the_api(arn: str, tags: dict[str, str]) -> None:
    ec2._tags["vpc-1"] = LISTED
    iam._roles["egret-x"] = {"Tags": LISTED}
    apigateway_v1._rest_apis["a1"] = {"tags": OURS}
    try:
        assert tags_of(arn) == tags
    finally:
        del ec2._tags["vpc-1"], iam._roles["egret-x"], apigateway_v1._rest_apis["a1"]
