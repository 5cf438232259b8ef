"""Conditions, as CloudFormation evaluates them."""

import pytest

from webapp.aws.cloudformation.conditions import parse, resources

TEMPLATE = """
Parameters:
  Zones: {Type: Number, Default: 1}
  Parked: {Type: String, Default: "false"}
Conditions:
  IsParked: !Equals [!Ref Parked, "true"]
  IsRunning: !Not [!Condition IsParked]
  HasTwo: !Or [!Equals [!Ref Zones, 2], !Equals [!Ref Zones, 3]]
  NatOfTwo: !And [!Condition IsRunning, !Condition HasTwo]
Resources:
  Vpc: {Type: "AWS::EC2::VPC"}
  Nat1: {Type: "AWS::EC2::NatGateway", Condition: IsRunning}
  Nat2: {Type: "AWS::EC2::NatGateway", Condition: NatOfTwo}
"""


@pytest.mark.parametrize(
    ("parameters", "made"),
    [
        ({}, {"Vpc", "Nat1"}),
        ({"Zones": "2"}, {"Vpc", "Nat1", "Nat2"}),
        ({"Zones": "2", "Parked": "true"}, {"Vpc"}),
        ({"Zones": "4"}, {"Vpc", "Nat1"}),
    ],
)
def test_parameters_decide_which_resources_are_made(
    parameters: dict[str, str], made: set[str]
) -> None:
    found = resources(TEMPLATE, parameters)
    assert set(found) == made
    assert found["Vpc"] == "AWS::EC2::VPC"


def test_a_condition_that_is_not_known_is_refused_not_guessed() -> None:
    body = """
Conditions: {Odd: !Contains [[a], a]}
Resources: {Vpc: {Type: "AWS::EC2::VPC", Condition: Odd}}
"""
    with pytest.raises(ValueError, match="Contains"):
        resources(body, {})


def test_short_tags_become_their_long_form() -> None:
    body = "Resources: {Role: {Arn: !GetAtt [Role, Arn], Name: !Sub '${A}-role', All: !And {a: 1}}}"
    assert parse(body)["Resources"]["Role"] == {
        "Arn": {"GetAtt": ["Role", "Arn"]},
        "Name": {"Sub": "${A}-role"},
        "All": {"And": {"a": 1}},
    }
