"""What AWS says in stack events and API errors, with what Egret makes of it.

`messages.json` are texts seen on real accounts, `variants.json` other texts of the same kinds, from
public reports and AWS's documents; names and numbers are replaced. `words` are in the advice,
`without` are not.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from webapp.aws.answers import Kind, Then, understand

REGION = "eu-west-1"
HERE = Path(__file__).parent
MESSAGES = json.loads((HERE / "messages.json").read_text())
VARIANTS = json.loads((HERE / "variants.json").read_text())


@pytest.mark.parametrize("said", [*MESSAGES, *VARIANTS], ids=lambda said: said["message"][:40])
def test_each_text_has_its_kind_and_its_advice(said: Any) -> None:
    then = Then.DELETE_AGAIN if said["deleting"] else Then.TRY_AGAIN
    answer = understand(said["message"], REGION, resource_type=said["type"])
    remedy = answer.remedy(then)
    assert answer.kind == said["kind"], remedy
    assert [word for word in said["words"] if word not in remedy] == [], remedy
    assert [word for word in said.get("without", []) if word in remedy] == [], remedy


@pytest.mark.parametrize("said", [*MESSAGES, *VARIANTS], ids=lambda said: said["message"][:40])
def test_what_is_around_a_text_and_its_case_do_not_matter(said: Any) -> None:
    """Handlers wrap a text, or change the case of its first letter, as they like."""
    text = said["message"]
    for form in (f"  {text}\n", text.replace(" ", "\n ", 1), text.lower()):
        assert understand(form, REGION, resource_type=said["type"]).kind == said["kind"], form


def test_every_kind_has_two_texts_of_its_own() -> None:
    kinds = [said["kind"] for said in VARIANTS]
    assert {kind for kind in Kind if kinds.count(kind) < 2} <= {Kind.UNKNOWN}


def test_a_quota_that_egret_can_count_is_named_by_its_code() -> None:
    quota = understand("The maximum number of VPCs has been reached.", REGION).quota
    assert quota is not None
    assert quota.code == "L-F678F1CE"


def test_an_operation_of_the_api_names_the_action_where_the_text_does_not() -> None:
    text = "UnauthorizedOperation: You are not authorized to perform this operation."
    assert understand(text, REGION, operation="CreateVpc").actions == ("ec2:CreateVpc",)


def test_both_ends_of_a_very_long_text_are_read() -> None:
    start, end = "Resource handler returned message: ", "(HandlerErrorCode: ServiceLimitExceeded)"
    assert understand(f"{start}{'x ' * 100_000}{end}", REGION).kind is Kind.QUOTA
    encoded = f"Encoded authorization failure message: {'ec2:CreateVpc' * 10_000} {end}"
    assert understand(f"API: ec2:DeleteVpc {encoded}", REGION).actions == ("ec2:DeleteVpc",)
