"""Runs functions as on AWS: by AWS's own runtime client, in a clean environment, behind the NAT.

Each execution environment is in one subnet of its function, chosen in turn. The user name in its
proxy's URL tells the NAT which: `<region>.<function>.<subnet>`, with `-` as the subnet of a
function without a VPC; its password is the sandbox's secret.
"""

import io
import itertools
import os
import secrets
import sys
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from webapp.sandbox.doors import is_foreign
from webapp.sandbox.embedded_aws.options import Options

Config = dict[str, Any]

CLIENT = Path(__file__).with_name("runtime_client.py")
BOOTSTRAP = f"""#!/bin/sh
exec {sys.executable} -P {CLIENT} "$_HANDLER"
"""
ZIPS_KEPT = 64
INHERITED_VARIABLES = ("PATH", "LANG", "HOME", "TMPDIR")


def install(options: Options) -> None:
    """Use ministack's runner for custom runtimes, which speaks Lambda's Runtime API, for Python."""
    worker_class, execute = lambda_runtime._worker_class_for, lambda_svc._execute_function_warm
    environment, turns = lambda_svc._provided_worker_env, itertools.count()
    path = secrets.token_urlsafe()

    def worker_class_for(config: Config) -> Any:
        return lambda_runtime.ProvidedWorker if _is_python(config) else worker_class(config)

    def execute_warm(function: Config, event: Any, request_id: str) -> Any:
        if not _is_python(function.get("config") or function):
            return execute(function, event, request_id)
        bundled = {**function, "code_zip": _with_bootstrap(function.get("code_zip") or b"")}
        return lambda_svc._execute_function_provided_warm(bundled, event, request_id)

    def clean_environment(config: Config, code_dir: str, port: int) -> dict[str, str]:
        inherited = set(os.environ) - set(INHERITED_VARIABLES) - {"AWS_ENDPOINT_URL"}
        made: dict[str, str] = environment(config, code_dir, port)
        kept = {k: v for k, v in made.items() if k not in inherited or v != os.environ.get(k)}
        runtime_api = f"{made['AWS_LAMBDA_RUNTIME_API']}/{path}"
        own = {"AWS_LAMBDA_RUNTIME_API": runtime_api, "TZ": ":UTC"}
        return kept | _own_variables(config, options, next(turns)) | own

    lambda_runtime._worker_class_for = worker_class_for
    lambda_svc._execute_function_warm = execute_warm
    lambda_svc._provided_worker_env = clean_environment
    _guard_runtime_api(path)


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


def _own_variables(config: Config, options: Options, turn: int) -> dict[str, str]:
    """The way out. The credentials are those of the function's role, which ministack makes."""
    if not options.nat_proxy:
        return {}
    region = config["FunctionArn"].split(":")[3]
    subnets = (config.get("VpcConfig") or {}).get("SubnetIds") or ["-"]
    user = f"{region}.{config['FunctionName']}.{subnets[turn % len(subnets)]}"
    proxy, direct = f"http://{user}:{options.secret}@{options.nat_proxy}", "127.0.0.1,localhost"
    return {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "http_proxy": proxy,
        "https_proxy": proxy,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def _is_python(config: Config) -> bool:
    return str(config.get("Runtime", "")).startswith("python")


@lru_cache(ZIPS_KEPT)
def _with_bootstrap(code_zip: bytes) -> bytes:
    """The function's code and, beside it, the script that starts the runtime client."""
    bundled = io.BytesIO()
    with zipfile.ZipFile(bundled, "w", zipfile.ZIP_DEFLATED) as out:
        if code_zip:
            with zipfile.ZipFile(io.BytesIO(code_zip)) as source:
                for entry in source.infolist():
                    out.writestr(entry, source.read(entry))
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        out.writestr(bootstrap, BOOTSTRAP)
    return bundled.getvalue()
