"""Errors of EC2: a code and a message for its API, one sentence as CloudFormation's reason."""

from collections.abc import Callable
from typing import Any

from ministack.services import ec2

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


class Ec2Error(ValueError):
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


def _error(code: str, message: str, status: int) -> Answer:
    answer: Answer = ec2._error(code, message, status)
    return answer
