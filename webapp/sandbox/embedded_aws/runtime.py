"""Runs functions as on AWS: by AWS's own runtime client, in a clean environment, behind the NAT.

Each execution environment is in one subnet of its function, chosen in turn. The user name in its
proxy's URL tells the NAT which: `<region>.<function>.<subnet>`, with `-` as the subnet of a
function without a VPC.
"""

import io
import itertools
import os
import sys
import zipfile
from functools import lru_cache
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

Config = dict[str, Any]

BOOTSTRAP = f"""#!/bin/sh
exec {sys.executable} -m awslambdaric "$_HANDLER"
"""
ZIPS_KEPT = 64
INHERITED_VARIABLES = ("PATH", "LANG", "HOME", "TMPDIR")


def install(nat_proxy: str) -> None:
    """Use ministack's runner for custom runtimes, which speaks Lambda's Runtime API, for Python."""
    worker_class, execute = lambda_runtime._worker_class_for, lambda_svc._execute_function_warm
    environment, turns = lambda_svc._provided_worker_env, itertools.count()

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
        return kept | _proxy_variables(config, nat_proxy, next(turns)) | {"TZ": ":UTC"}

    lambda_runtime._worker_class_for = worker_class_for
    lambda_svc._execute_function_warm = execute_warm
    lambda_svc._provided_worker_env = clean_environment


def _proxy_variables(config: Config, nat_proxy: str, turn: int) -> dict[str, str]:
    if not nat_proxy:
        return {}
    region = config["FunctionArn"].split(":")[3]
    subnets = (config.get("VpcConfig") or {}).get("SubnetIds") or ["-"]
    user = f"{region}.{config['FunctionName']}.{subnets[turn % len(subnets)]}"
    proxy, direct = f"http://{user}:x@{nat_proxy}", "127.0.0.1,localhost"
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
