"""Parts of Egret that an installation may lack: the image comes without the sandbox."""

from collections.abc import Sequence
from importlib.util import find_spec

from webapp.errors import Unavailable

SANDBOX = ("webapp.sandbox", "ministack", "awslambdaric", "PIL", "httpx")


def need_sandbox(modules: Sequence[str] = SANDBOX) -> None:
    """Raises Unavailable, with what to install, where one of the sandbox's modules is missing."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise Unavailable(
            f"The sandbox is not installed here ({', '.join(missing)} missing): "
            "in Egret's source folder, run `make run`, which installs it, or "
            "`pip install --require-hashes -r requirements.lock`."
        )
