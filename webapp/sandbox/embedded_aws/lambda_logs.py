"""What a function's calls leave in its log, and in the tail that Invoke answers, as on AWS.

One stream for each execution environment. A call is START, what the function wrote, END and REPORT,
before the first one INIT_START; a traceback is one event with several lines. What the function's
role may not write is in no log, only in the tail. ministack makes a stream for each call, asks for
no permission, and its tail is only what the function wrote.
"""

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import local
from typing import Any
from uuid import uuid4

from ministack.core.responses import get_account_id
from ministack.services import cloudwatch_logs, lambda_svc

from webapp.sandbox.embedded_aws.iam import principals
from webapp.sandbox.embedded_aws.iam.decisions import Decisions
from webapp.sandbox.embedded_aws.iam.needs import Need

Config = dict[str, Any]

INITIALIZED = (
    "INIT_START Runtime Version: python:3.13.v1\t"
    "Runtime Version ARN: arn:aws:lambda:{region}::runtime:sandbox"
)
TRACEBACK_LINE = "\r"
"""How AWS's runtime client ends a line within a message when it writes to a plain stream."""
INDENT = "\u00a0"
TIMED_OUT = "Sandbox.Timedout"
NOT_OF_THE_HANDLER = "Runtime."
_here = local()


@dataclass(frozen=True)
class Measured:
    """Of the call that this thread has just made; `init_s` is 0 when the environment was warm."""

    stream: str
    ran_s: float
    init_s: float
    memory_mb: int


def new_stream(version: str) -> str:
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid4().hex}"


def note(measured: Measured) -> None:
    _here.measured = measured


def install(decisions: Decisions) -> None:
    dispatch = lambda_svc._execute_function_dispatch

    def dispatched(
        function: Config, config: Config, event: Any, request_id: str, began: float
    ) -> Any:
        _here.__dict__.pop("measured", None)
        answer = dispatch(function, config, event, request_id, began)
        unknown = Measured(new_stream(_version(config)), time.time() - began, 0, 0)
        call = Call(config, request_id, _here.__dict__.get("measured", unknown), answer)
        messages = call.messages()
        answer["log"] = "".join(f"{message}\n" for message in messages)
        if _may_write(decisions, config):
            _write(call, messages, began_ms=int(began * 1000))
        return answer

    lambda_svc._emit_lambda_logs = lambda *_, **__: None
    lambda_svc._execute_function_dispatch = dispatched


@dataclass(frozen=True)
class Call:
    config: Config
    request_id: str
    measured: Measured
    answer: dict[str, Any]

    def messages(self) -> list[str]:
        return [
            f"START RequestId: {self.request_id} Version: {_version(self.config)}",
            *self._written(),
            f"END RequestId: {self.request_id}",
            self._report(),
        ]

    def _written(self) -> list[str]:
        lines = (self.answer.get("log") or "").split("\n")
        written = [_unfolded(line) for line in lines if line.strip()]
        if self._error_type() == TIMED_OUT:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            limit_s = float(self.config.get("Timeout", 3))
            written.append(f"{now} {self.request_id} Task timed out after {limit_s:.2f} seconds")
        return written

    def _report(self) -> str:
        measured, size = self.measured, self.config.get("MemorySize", 128)
        ran_ms, init_ms = measured.ran_s * 1000, measured.init_s * 1000
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {ran_ms:.2f} ms",
            f"Billed Duration: {math.ceil(ran_ms + init_ms)} ms",
            f"Memory Size: {size} MB",
            f"Max Memory Used: {min(measured.memory_mb, size)} MB",
        ]
        fields += [f"Init Duration: {init_ms:.2f} ms"] if init_ms else []
        kind = self._error_type()
        if kind == TIMED_OUT:
            fields.append("Status: timeout")
        elif kind.startswith(NOT_OF_THE_HANDLER):
            fields += ["Status: error", f"Error Type: {kind}"]
        return "\t".join(fields) + "\t"

    def _error_type(self) -> str:
        body = self.answer.get("body")
        kind = body.get("errorType") if self.answer.get("error") and isinstance(body, dict) else ""
        return str(kind or "")


def _unfolded(line: str) -> str:
    return line.rstrip(TRACEBACK_LINE).replace(TRACEBACK_LINE, "\n").replace(INDENT, " ")


def _version(config: Config) -> str:
    return str(config.get("Version", "$LATEST"))


def _group_name(config: Config) -> str:
    named: str = (config.get("LoggingConfig") or {}).get("LogGroup", "")
    return named or f"/aws/lambda/{config['FunctionName']}"


def _may_write(decisions: Decisions, config: Config) -> bool:
    """Whether its role may, and may make the log group if it is not there."""
    name, region = _group_name(config), config["FunctionArn"].split(":")[3]
    actions = ["CreateLogStream", "PutLogEvents"]
    if name not in cloudwatch_logs._log_groups:
        actions.insert(0, "CreateLogGroup")
    group = f"arn:aws:logs:{region}:{get_account_id()}:log-group:{name}:*"
    needs = [Need(f"logs:{action}", group, region=region) for action in actions]
    principal = principals.of_role(config["Role"], config["FunctionName"])
    return decisions.refusal(principal, needs) is None


def _write(call: Call, messages: list[str], *, began_ms: int) -> None:
    group_name, name = _group_name(call.config), call.measured.stream
    named = {"logGroupName": group_name, "logStreamName": name}
    cloudwatch_logs._create_log_group(named)  # these two answer that there is one
    cloudwatch_logs._create_log_stream(named)
    now_ms, (start, *rest) = int(time.time() * 1000), messages
    region = call.config["FunctionArn"].split(":")[3]
    first = [INITIALIZED.format(region=region)] if call.measured.init_s else []
    events = [
        {"timestamp": at_ms, "message": f"{message}\n", "ingestionTime": now_ms}
        for at_ms, said in ((began_ms, [*first, start]), (now_ms, rest))
        for message in said
    ]
    stream = cloudwatch_logs._log_groups[group_name]["streams"][name]
    cloudwatch_logs._append_log_events(stream, events)
