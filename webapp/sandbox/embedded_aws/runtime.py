"""Runs functions as on AWS: by AWS's own runtime client, in a clean environment, behind the NAT.

Each execution environment is a process in a cell of its own (`confinement`), with a session of the
function's role, and in one subnet of the version that it runs, chosen in turn. The user name in
its proxy's URL tells the NAT which, with that version's security groups:
`<account>.<region>.<function>.<subnet>.<group>+<group>`, with `-` for what a function without a
VPC lacks. Its password is right for that user name only.

Only Python runs: the other ways of ministack's to run code give it the sandbox's environment.
"""

import atexit
import io
import itertools
import os
import secrets
import signal
import subprocess
import time
import zipfile
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from webapp.sandbox.doors import is_foreign, nat_password
from webapp.sandbox.embedded_aws import lambda_logs, role_sessions
from webapp.sandbox.embedded_aws.confinement import Cell, Confinement
from webapp.sandbox.embedded_aws.options import Options

Config = dict[str, Any]
Answer = dict[str, Any]

CLIENT = Path(__file__).with_name("runtime_client.py")
BOOTSTRAP = "bootstrap"
"""Beside the function's code: what Lambda runs first. Here it is the runtime client."""
ZIPS_KEPT = 64
INHERITED_VARIABLES = ("PATH", "LANG")
CALL_MAX_S = 900.0
"""Lambda's longest time-out: a session lasts as long as any call that begins."""
OTHER_EXECUTORS = (
    "_execute_function_docker",
    "_execute_function_provided",
    "_execute_function_provided_warm",
    "_execute_function_local",
    "_execute_function_proxy",
)


class Environment(lambda_runtime.ProvidedWorker):  # type: ignore[misc]  # ministack has no types
    """An execution environment; a new one follows before the credentials in it expire."""

    confinement: ClassVar[Confinement]
    cell: Cell | None = None
    usable_until = 0.0
    stream = ""
    init_s = 0.0
    memory_mb = 0

    def begin(self, environment: dict[str, str], **options: Any) -> "subprocess.Popen[bytes]":
        """The process, in a new cell."""
        self.cell = self.confinement.cell()
        self.usable_until = time.monotonic() + role_sessions.LIFETIME_S - CALL_MAX_S
        program = [f"{environment['LAMBDA_TASK_ROOT']}/{BOOTSTRAP}", environment["_HANDLER"]]
        self.stream = lambda_logs.new_stream(environment["AWS_LAMBDA_FUNCTION_VERSION"])
        own = self.cell.environment | {"AWS_LAMBDA_LOG_STREAM_NAME": self.stream}
        return self.cell.python(program, env=environment | own, **options)

    def invoke(self, *arguments: Any, **named: Any) -> Answer:
        if self._proc and time.monotonic() > self.usable_until:
            self._teardown()
        self.init_s, began = 0.0, time.monotonic()
        try:
            answer: Answer = super().invoke(*arguments, **named)
        finally:
            self._measure_memory()
            ran_s = time.monotonic() - began - self.init_s
            measured = lambda_logs.Measured(self.stream, ran_s, self.init_s, self.memory_mb)
            lambda_logs.note(measured)
        return answer

    def _spawn(self, init_timeout: float | None = None) -> None:
        _spawning.set(self)
        began = time.monotonic()
        try:
            super()._spawn(init_timeout)
        finally:
            self.init_s = time.monotonic() - began

    def _measure_memory(self) -> None:
        """The most that it has used so far; of a process that has ended, the last that is known."""
        if self._proc is None:
            return
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{self._proc.pid}/status").read_text().splitlines()
            peak = next(line for line in lines if line.startswith("VmHWM:"))
            self.memory_mb = int(peak.split()[1]) // 1024

    def _teardown(self) -> None:
        self._measure_memory()
        super()._teardown()
        self._leave()

    def _discard_tmpdir(self) -> None:
        super()._discard_tmpdir()
        self._leave()

    def _leave(self) -> None:
        cell, self.cell = self.cell, None
        if cell:
            cell.leave()


_spawning: ContextVar[Environment] = ContextVar("spawning")


class Processes:
    """What ministack's runner has as `subprocess`: it starts execution environments only."""

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    def Popen(
        self, _command: list[str], *, env: dict[str, str], **options: Any
    ) -> "subprocess.Popen[bytes]":
        return _spawning.get().begin(env, **options)


def install(options: Options, confinement: Confinement) -> None:
    """Use ministack's runner for custom runtimes, which speaks Lambda's Runtime API, for Python."""
    execute = lambda_svc._execute_function_provided_warm
    environment, turns = lambda_svc._provided_worker_env, itertools.count()
    path = secrets.token_urlsafe()

    def execute_warm(function: Config, event: Any, request_id: str) -> Answer:
        config = function.get("config") or function
        if not str(config.get("Runtime", "")).startswith("python"):
            return _refused(function)
        bundled = {**function, "code_zip": _with_bootstrap(function.get("code_zip") or b"")}
        answer: Answer = execute(bundled, event, request_id)
        return answer

    def clean_environment(config: Config, code_dir: str, port: int) -> dict[str, str]:
        inherited = set(os.environ) - set(INHERITED_VARIABLES) - {"AWS_ENDPOINT_URL"}
        made: dict[str, str] = environment(config, code_dir, port)
        kept = {k: v for k, v in made.items() if k not in inherited or v != os.environ.get(k)}
        runtime_api = f"{made['AWS_LAMBDA_RUNTIME_API']}/{path}"
        own = {"AWS_LAMBDA_RUNTIME_API": runtime_api, "TZ": ":UTC"}
        return kept | _way_out(config, options, next(turns)) | own

    Environment.confinement = confinement
    lambda_runtime.subprocess = Processes()
    lambda_runtime._signal = _end
    atexit.register(_end_all)
    lambda_runtime._worker_class_for = lambda _config: Environment
    for name in OTHER_EXECUTORS:
        setattr(lambda_svc, name, lambda function, *_: _refused(function))
    lambda_svc._execute_function_warm = execute_warm
    lambda_svc._provided_worker_env = clean_environment
    _keep_code_in(confinement)
    _guard_runtime_api(path)
    _end_with_function()


def _refused(function: Config) -> Answer:
    runtime = (function.get("config") or function).get("Runtime", "")
    message = f"The sandbox runs functions in Python only, not in {runtime or 'an image'}."
    return {
        "body": {"errorMessage": message, "errorType": "Runtime.InvalidRuntime"},
        "error": True,
        "log": message,
    }


def _end(process: "subprocess.Popen[bytes] | None") -> None:
    """With all that it has started."""
    if process and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _end_all() -> None:
    for environments in lambda_runtime._workers.values():
        for environment in environments:
            _end(environment._proc)


def _end_with_function() -> None:
    """ministack ends those of a function that Lambda deletes, but not if CloudFormation does."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    delete = handlers["delete"]

    def deleted(name: str, properties: Config) -> None:
        delete(name, properties)
        lambda_runtime.invalidate_worker(name, account=get_account_id(), region=get_region())

    handlers["delete"] = deleted


def _keep_code_in(confinement: Confinement) -> None:
    """Not in a folder of a name that others can guess, and readable for functions' own users."""
    extract = lambda_svc._provided_runtime_code_dir
    cache = confinement.shared_folder("code")
    lambda_svc._PROVIDED_CODE_CACHE = str(cache)

    def extracted(code_zip: bytes) -> str:
        folder: str = extract(code_zip)
        for path in [Path(folder), *Path(folder).rglob("*")]:
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return folder

    lambda_svc._provided_runtime_code_dir = extracted


def _guard_runtime_api(path: str) -> None:
    """Let nobody else take a function's event from the port where its process asks for it."""
    handler_class = lambda_runtime.ProvidedWorker._build_handler_class

    def guarded_class(worker: Any, *arguments: Any) -> Any:
        unguarded: Any = handler_class(worker, *arguments)

        class Guarded(unguarded):  # type: ignore[misc]  # ministack has no types
            def parse_request(self) -> bool:
                if not super().parse_request():
                    return False
                foreign = is_foreign({k.lower(): v for k, v in self.headers.items()})
                admitted = not foreign and self.path.startswith(f"/{path}/")
                if not admitted:
                    self.send_error(403)
                return admitted

        return Guarded

    lambda_runtime.ProvidedWorker._build_handler_class = guarded_class


def _way_out(config: Config, options: Options, turn: int) -> dict[str, str]:
    if not options.nat_proxy:
        return {}
    region, account = config["FunctionArn"].split(":")[3:5]
    vpc = config.get("VpcConfig") or {}
    subnets, groups = vpc.get("SubnetIds") or ["-"], vpc.get("SecurityGroupIds") or ["-"]
    user = ".".join(
        (account, region, config["FunctionName"], subnets[turn % len(subnets)], "+".join(groups))
    )
    password = nat_password(options.secret, user)
    proxy, direct = f"http://{user}:{password}@{options.nat_proxy}", "127.0.0.1,localhost"
    return {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "http_proxy": proxy,
        "https_proxy": proxy,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


@lru_cache(ZIPS_KEPT)
def _with_bootstrap(code_zip: bytes) -> bytes:
    """The function's code and, beside it, the runtime client."""
    bundled = io.BytesIO()
    with zipfile.ZipFile(bundled, "w", zipfile.ZIP_DEFLATED) as out:
        if code_zip:
            with zipfile.ZipFile(io.BytesIO(code_zip)) as source:
                for entry in source.infolist():
                    out.writestr(entry, source.read(entry))
        out.write(CLIENT, BOOTSTRAP)
    return bundled.getvalue()
