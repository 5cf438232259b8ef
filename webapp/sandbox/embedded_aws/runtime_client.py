"""AWS's runtime client for Python, run in the clean environment of a function.

Beside the function's code it is called `bootstrap`; its arguments are the handler and the folder of
the packages, as Python is started without any.

The Runtime API is at a secret path, which `AWS_LAMBDA_RUNTIME_API` ends with. AWS's client asks for
events and answers them there, as it puts its own paths behind whatever the variable says; only its
report of a function that cannot be imported takes the variable for a host and a port.
"""

import os
import sys
from typing import Any

if __name__ == "__main__":
    sys.path.append(sys.argv.pop())

from awslambdaric import __main__ as client
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient


class AtSecretPath(LambdaRuntimeClient):  # type: ignore[misc]  # awslambdaric has no types
    def __init__(self, address: str, *rest: Any) -> None:
        host, _, self._path = address.partition("/")
        super().__init__(host, *rest)

    def call_rapid(self, method: str, endpoint: str, *rest: Any, **named: Any) -> Any:
        return super().call_rapid(method, f"/{self._path}{endpoint}", *rest, **named)


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the function's code, as `python -m` has it
    client.LambdaRuntimeClient = AtSecretPath
    client.main(sys.argv)
