"""How conditions compare ARNs: part by part, so that a wildcard does not reach over a colon.

See the IAM user guide, "Amazon Resource Name (ARN) condition operators". ministack compares them as
texts.
"""

from ministack.core import iam_evaluator

PARTS = 6


def install() -> None:
    operators = iam_evaluator._CONDITION_OPS
    for name in ("arnequals", "arnlike"):
        operators[name] = is_like
    for name in ("arnnotequals", "arnnotlike"):
        operators[name] = lambda arn, pattern: not is_like(arn, pattern)


def is_like(arn: str, pattern: str) -> bool:
    """Whether each part of the ARN matches that of the pattern, which may have wildcards."""
    given, wanted = arn.split(":", PARTS - 1), pattern.split(":", PARTS - 1)
    return len(given) == len(wanted) == PARTS and all(
        iam_evaluator.fnmatch_iam_cs(part, like) for part, like in zip(given, wanted, strict=True)
    )
