"""Starts the `egret` command: `python -m webapp`.

What is imported stays. Looking for garbage in it again and again takes a quarter of the start.
"""

import gc
import sys


def main() -> None:
    gc.disable()
    _import_logs()
    from webapp import cli

    gc.freeze()
    gc.enable()
    cli.main()


def _import_logs() -> None:
    """Without `rich`, which structlog imports if it can, for a console that nothing here uses."""
    sys.modules["rich"] = None  # type: ignore[assignment] # how Python marks what is not there
    try:
        import webapp.logs  # noqa: F401 - so that others find it imported
    finally:
        del sys.modules["rich"]


if __name__ == "__main__":
    main()
