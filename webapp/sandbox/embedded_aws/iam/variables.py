"""Variables in policies, such as `${aws:username}`: they stand for the value of a condition key.

ministack takes them as they are written. A statement whose variable has no value, and no default
(`${aws:PrincipalTag/team, 'none'}`), does not match.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, ParsedStatement

VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")


def filled(
    statements: Iterable[ParsedStatement], context: EvalContext
) -> Iterator[ParsedStatement]:
    """The statements with the values of this request, without those that cannot match."""
    for statement in statements:
        where = (statement.resources, statement.not_resources, statement.conditions)
        if "${" not in str(where):
            yield statement
            continue
        try:
            resources, not_resources, conditions = _filled(where, context)
        except LookupError:
            continue
        yield replace(
            statement, resources=resources, not_resources=not_resources, conditions=conditions
        )


def _filled(value: Any, context: EvalContext) -> Any:
    """Raises LookupError for a variable without a value."""
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: _value(found, context), value)
    if isinstance(value, list | tuple):
        return [_filled(each, context) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, context) for key, each in value.items()}
    return value


def _value(found: re.Match[str], context: EvalContext) -> str:
    value = iam_evaluator._resolve_condition_key(found.group(1), context)
    if isinstance(value, str):
        return value
    if found.group(2) is None:
        raise LookupError(found.group(1))
    return found.group(2)
