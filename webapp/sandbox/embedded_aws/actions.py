"""What the actions of the embedded EC2 share: their errors, responses and filters."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ministack.services import ec2

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


class Ec2Error(ValueError):
    """A code and a message for the API; as a text, the reason that CloudFormation gives."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} (Service: Ec2, Status Code: 400, Error Code: {code})")
        self.code, self.message = code, message


def action(run: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    """An EC2 action that answers an Ec2Error as EC2 does, and DryRun before `run` is called."""

    def answer(params: Params) -> Answer:
        if ec2._p(params, "DryRun").lower() == "true":
            message = "Request would have succeeded, but DryRun flag is set."
            return _error("DryRunOperation", message, 412)
        try:
            return run(params)
        except Ec2Error as error:
            return _error(error.code, error.message, 400)

    return answer


def xml(name: str, inner: str) -> Answer:
    answer: Answer = ec2._xml(200, f"{name}Response", inner)
    return answer


def passes(
    resource: dict[str, Any],
    resource_id: str,
    fields: Mapping[str, str],
    filters: dict[str, list[str]],
) -> bool:
    """Whether the resource passes the filters on its tags and `fields` (filter: key).

    A filter's value may have wildcards, as on AWS.
    """
    has_fields = all(
        any(fnmatchcase(resource[key] or "", pattern) for pattern in filters[name])
        for name, key in fields.items()
        if name in filters
    )
    return has_fields and ec2._resource_matches_tag_filters(resource_id, filters)


def found(
    params: Params,
    resources: Mapping[str, dict[str, Any]],
    id_field: str,
    fields: Mapping[str, str],
) -> list[dict[str, Any]]:
    """What a Describe call asks for: by ids, if it names any, and by filters."""
    ids = ec2._parse_member_list(params, id_field)
    filters = ec2._parse_filters(params)
    return [
        resource
        for resource_id, resource in resources.items()
        if (not ids or resource_id in ids) and passes(resource, resource_id, fields, filters)
    ]


def _error(code: str, message: str, status: int) -> Answer:
    answer: Answer = ec2._error(code, message, status)
    return answer
