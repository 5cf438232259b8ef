"""Reading an answer: from AWS's words to kind, cause and next step.

The order matters, since one text may fit more than one kind: an echo says nothing of its own; a
policy that AWS names is surer than a sentence; a sentence is surer than a handler's error code.
"""

import re
from collections.abc import Iterable

from webapp.aws.answers.function_states import STATES
from webapp.aws.answers.kinds import Answer, Kind
from webapp.aws.answers.quota_kinds import ANY_QUOTA, QUOTAS, code_in, page_in
from webapp.aws.answers.refusals import named_refusal, other_refusal
from webapp.aws.answers.resource_rules import LAST, UNUSABLE
from webapp.aws.answers.rules import FIRST, STATED, Rule

UNKNOWN = Answer()
TEXT_MAX_CHARS = 2000
_ENCODED = re.compile(r"(encoded authorization failure message:?) \S+", re.IGNORECASE)
_STATE = re.compile(r"(?:due to|ReasonCode\W{1,3}) ?(\w+)", re.IGNORECASE)


def understand(text: str, region: str, *, resource_type: str = "", operation: str = "") -> Answer:
    """What AWS's answer means.

    `text` is the reason of a stack event, or an API error's code and message. `resource_type` is
    the event's, `operation` the API's: they help where the text alone does not say enough.
    """
    text = _short(" ".join(text.split()))
    return (
        _by_rules(FIRST, text)
        or named_refusal(text, operation)
        or _by_rules(STATED, text)
        or other_refusal(text, resource_type, operation)
        or _by_rules(LAST, text)
        or _state(text)
        or _quota(text, region)
        or _by_rules(UNUSABLE, text)
        or UNKNOWN
    )


def _short(text: str) -> str:
    """Without the encoded part of a refusal, and without the middle of what is still long."""
    text = _ENCODED.sub(r"\1 …", text)
    half = TEXT_MAX_CHARS // 2
    return text if len(text) <= TEXT_MAX_CHARS else f"{text[:half]} … {text[-half:]}"


def _by_rules(rules: Iterable[Rule], text: str) -> Answer | None:
    return next(filter(None, (rule.answer(text) for rule in rules)), None)


def _quota(text: str, region: str) -> Answer | None:
    code = code_in(text)
    if quota := QUOTAS.get(code):
        step = (
            f"Release unused ones, or request a higher quota of {quota.what} at "
            f"{quota.url(region)}."
        )
        return Answer(Kind.QUOTA, f"The account's quota of {quota.what} is used up.", step, quota)
    if code != ANY_QUOTA:
        return None
    step = f"Release unused ones, or request a higher quota at {page_in(text, region)}."
    return Answer(Kind.QUOTA, "A quota of the account is used up.", step)


def _state(text: str) -> Answer | None:
    """Of a function that Lambda could not make ready."""
    said = _STATE.search(text)
    code = next((code for code in STATES if said and code.lower() == said[1].lower()), "")
    if not code:
        return None
    kind, step = STATES[code]
    return Answer(kind, f"Lambda says {code}.", step)
