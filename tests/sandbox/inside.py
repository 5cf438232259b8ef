"""A function that runs what it is told. It is outside any VPC, so that it is made quickly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.sandbox.conftest import REGION
from tests.sandbox.lab import Lab, function, role, unique
from webapp.aws.clients import Clients

ANY_CODE = """
def handler(event, context):
    names = {"event": event}
    exec(event["code"], names)
    return names.get("found")
"""
SECRET = "the partner's key"


@dataclass(frozen=True)
class Inside:
    """`arn` is the function's; its role may read `secret_arn`, not `other_arn`."""

    lab: Lab
    arn: str
    secret_arn: str
    other_arn: str

    def answer(self, code: str, **event: Any) -> Any:
        """What Lambda answers when the function runs the code."""
        payload = json.dumps(event | {"code": code})
        lambdas = self.lab.clients.awslambda(self.lab.region)
        answer = lambdas.invoke(FunctionName=self.arn, Payload=payload)
        return answer | {"Payload": json.loads(answer["Payload"].read())}

    def run(self, code: str, **event: Any) -> Any:
        """What the code calls `found`."""
        answer = self.answer(code, **event)
        assert "FunctionError" not in answer, answer["Payload"]
        return answer["Payload"]


@contextmanager
def inside_of(clients: Clients) -> Iterator[Inside]:
    """A new function, until the end of the block."""
    lab = Lab(clients, REGION)
    secrets, arns = clients.secretsmanager(REGION), []
    for text in (SECRET, "another's"):
        arns.append(secrets.create_secret(Name=unique("inside"), SecretString=text)["ARN"])
    name = unique("inside")
    own: dict[str, Any] = {
        "Role": role(_policy(f"arn:aws:lambda:{REGION}:*:function:{name}", arns[0])),
        "Function": function(code=ANY_CODE),
    }
    own["Function"]["Properties"]["FunctionName"] = name
    stack = lab.deployed(own, {"Arn": {"Fn::GetAtt": ["Function", "Arn"]}})
    yield Inside(lab, stack.outputs["Arn"], *arns)
    lab.clean_up()
    for arn in arns:
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def _policy(function_arn: str, secret_arn: str) -> list[dict[str, Any]]:
    """As that of our functions: Lambda has interfaces with the role, and its code has none."""
    interfaces = {"Action": "ec2:DescribeSubnets", "Resource": "*"}
    itself = {"ArnLike": {"lambda:SourceFunctionArn": function_arn}}
    return [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret_arn},
        {"Effect": "Allow"} | interfaces,
        {"Effect": "Deny", "Condition": itself} | interfaces,
    ]


READ = """
import os
read = []
for path in event["paths"]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        read.append(path)
    except PermissionError:
        pass
found = {"read": read, "user": os.geteuid()}
"""
"""Which of the `paths` the function can read, and as whom it runs."""
KNOCK = """
import urllib.error, urllib.request
direct, found = urllib.request.build_opener(urllib.request.ProxyHandler({})), []
for url in event["urls"]:
    try:
        found.append(direct.open(urllib.request.Request(url, b"x=y")).status)
    except urllib.error.HTTPError as error:
        found.append(error.code)
"""
"""What each of the `urls` answers to a post from the function, without any credentials."""


def private_to(pid: int) -> list[str]:
    """What only the process itself and its user may know of it."""
    return [f"/proc/{pid}/{name}" for name in ("environ", "maps", "mem", "cwd")]
