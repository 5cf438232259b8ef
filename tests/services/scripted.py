"""An AWS that answers by a script, through the hook of botocore that its own Stubber uses.

It is for answers that the embedded AWS gives only after minutes, or never.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.clouds import boto_session, connected
from tests.locks import refuse_while_held
from webapp.aws.clients import Clients
from webapp.db import give_back

NOWHERE = "http://127.0.0.1:9"
STACK_ID = "arn:aws:cloudformation:eu-central-1:000000000000:stack/egret-network-net/1"
Answer = Mapping[str, Any] | Callable[[Any], Mapping[str, Any]]

LISTS_OF_A_VPC = (
    "ListFunctions",
    "DescribeVpcEndpoints",
    "DescribeNatGateways",
    "DescribeNetworkInterfaces",
    "DescribeVpcPeeringConnections",
    "DescribeVpnGateways",
    "DescribeInternetGateways",
    "DescribeEgressOnlyInternetGateways",
    "DescribeCarrierGateways",
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeNetworkAcls",
    "DescribeSecurityGroupVpcAssociations",
    "DescribeSecurityGroups",
)
"""The operations that list what is in a VPC."""

USUAL: Mapping[str, Answer] = {
    "GetCallerIdentity": {
        "Account": "000000000000",
        "Arn": "arn:aws:iam::000000000000:user/dashboard",
    },
    "DescribeVpcPeeringConnections": {"VpcPeeringConnections": []},
}
"""What every account answers, as long as a test does not say otherwise."""

NOTHING_USED: dict[str, Answer] = {
    "DescribeVpcs": {"Vpcs": []},
    "DescribeAddresses": {"Addresses": []},
    "DescribeInternetGateways": {"InternetGateways": []},
    "DescribeNatGateways": {"NatGateways": []},
    "DescribeSubnets": {"Subnets": []},
    "DescribeVpcEndpoints": {"VpcEndpoints": []},
    "GetServiceQuota": {"Quota": {"Value": 2}},
}
"""An account that has nothing, with a quota of two of each."""


class ScriptedAws:
    """`answers` by the names of AWS's operations; anything else is not answered.

    An answer is AWS's, parsed, or what makes it of the call's parameters. `asked` lists the calls.
    """

    def __init__(self) -> None:
        session = boto_session()
        session.events.register("before-parameter-build", self._note)
        reply: Any = self._reply  # the stubs do not know that an answer may be given
        session.events.register_last("before-call", reply)
        self.clients = Clients(NOWHERE, session, attempts=1, before_call=give_back)
        self.cloud = connected(self.clients)
        self.answers: dict[str, Answer] = dict(USUAL)
        self.asked: list[tuple[str, Any]] = []

    def reset(self) -> None:
        self.answers = dict(USUAL)
        self.asked.clear()

    def show_stack(self, status: str, *, reason: str = "", **outputs: str) -> None:
        """The one stack that there is, without any events."""
        self.answers |= {
            "DescribeStacks": a_stack(status, reason=reason, **outputs),
            "DescribeStackEvents": {"StackEvents": []},
        }

    def calls(self, operation: str) -> list[Any]:
        """The parameters of each call of the operation."""
        return [parameters for name, parameters in self.asked if name == operation]

    def _note(self, params: Any, model: Any, **_: object) -> None:
        self.asked.append((model.name, params))

    def _reply(self, model: Any, **_: object) -> tuple[AWSResponse, Any] | None:
        refuse_while_held()
        answer = self.answers.get(model.name)
        if answer is None:
            return None
        parsed = dict(answer(self.calls(model.name)[-1]) if callable(answer) else answer)
        status = parsed.setdefault("ResponseMetadata", {}).setdefault("HTTPStatusCode", 200)
        return AWSResponse(NOWHERE, status, HTTPHeaders(), None), parsed


def refusal(code: str, message: str = "", *, status: int = 400) -> Mapping[str, Any]:
    """AWS answers with an error."""
    return {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


LIMITS = (
    "ConcurrentInvocationLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    "FunctionInvocationRateLimitExceeded",
    "CallerRateLimitExceeded",
)
INCONCLUSIVE: tuple[Answer, ...] = (
    *(
        {**refusal("TooManyRequestsException", "Rate Exceeded.", status=429), "Reason": reason}
        for reason in LIMITS
    ),
    refusal("ServiceException", "Internal error", status=500),
    refusal("", "", status=503),
    refusal("ExpiredTokenException", "The security token is expired", status=403),
    refusal(
        "AccessDeniedException", "not authorized to perform: lambda:InvokeFunction", status=403
    ),
)
"""What AWS answers when it did not run a function, for reasons that say nothing about it."""

NO_STACK = refusal("ValidationError", "Stack with id egret does not exist")


def a_stack(status: str, *, reason: str = "", **outputs: str) -> Mapping[str, Any]:
    """The answer to DescribeStacks."""
    return {
        "Stacks": [
            {
                "StackId": STACK_ID,
                "StackName": "egret-network-net",
                "StackStatus": status,
                "StackStatusReason": reason,
                "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
            }
        ]
    }
