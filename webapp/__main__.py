"""Starts the `egret` command: `python -m webapp`.

What is imported stays. Looking for garbage in it again and again takes a quarter of the start.
"""

import gc
import sys

UNUSED = ("colorama", "greenlet", "pydantic.v1", "watchfiles")
"""What structlog, FastAPI and uvicorn import if they can, for what nothing here does: colours on
Windows, greenlets, models of pydantic's first version, a server that reloads its code. 6 MiB."""


def main() -> None:
    gc.disable()
    prepare()
    from webapp import cli

    gc.freeze()
    gc.enable()
    cli.main()


def prepare() -> None:
    """Before anything else is imported."""
    leave_out(*UNUSED)
    _import_logs()


def leave_out(*names: str) -> None:
    """From here on these modules cannot be imported."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment] # how Python marks what is not there


def _import_logs() -> None:
    """Without `rich`, which structlog imports if it can, for a console that nothing here uses."""
    leave_out("rich")
    try:
        import webapp.logs  # noqa: F401 - so that others find it imported
    finally:
        del sys.modules["rich"]


if __name__ == "__main__":
    main()
