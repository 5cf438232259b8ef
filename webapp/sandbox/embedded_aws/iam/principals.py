"""Who acts: an IAM user or a role, with the policies that say what they may do."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import AuthError, PrincipalInfo, ResolvedCredential
from ministack.core.responses import get_account_id
from ministack.services import iam

from webapp.sandbox.embedded_aws.iam.tags import as_map

POLICIES_KEPT = 256


def install() -> None:
    """Parse each policy once: a request asks for its caller's more than once."""
    parse: Callable[[Any], Any] = iam_evaluator.parse_policy_document
    parse_once = lru_cache(POLICIES_KEPT)(parse)
    iam_evaluator.parse_policy_document = lambda document: (
        parse_once(document) if isinstance(document, str) else parse(document)
    )


def of_credential(credential: ResolvedCredential) -> PrincipalInfo:
    """With the session's own policies, if it has some. Raises LookupError for one that is gone."""
    found = iam_evaluator.resolve_principal(
        credential.access_key_id, credential.account_id, credential
    )
    if isinstance(found, AuthError):
        raise LookupError(found.message)
    return found


def of_arn(arn: str) -> PrincipalInfo:
    """The user or the assumed role of that ARN, with the policies of now."""
    account, name = get_account_id(), arn.split("/")[1]
    if ":assumed-role/" in arn:
        policies = iam_evaluator._gather_role_policies(name, account)
        limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
        keys = _tags_of(iam._roles, name)
        return PrincipalInfo(arn, "AssumedRole", account, policies, keys, limits)
    name = arn.rpartition("/")[2]
    policies = iam_evaluator._gather_user_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._users, name, account)
    keys = {"aws:username": name} | _tags_of(iam._users, name)
    return PrincipalInfo(arn, "User", account, policies, keys, limits)


def _tags_of(store: Any, name: str) -> dict[str, str]:
    """As the condition keys that policies ask for."""
    tags = as_map((store.get(name) or {}).get("Tags"))
    return {f"aws:principaltag/{key.lower()}": value for key, value in tags.items()}


def of_role(role_arn: str, session: str) -> PrincipalInfo:
    """A service that has assumed the role."""
    name = role_arn.rpartition("/")[2]
    return of_arn(f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/{session}")
