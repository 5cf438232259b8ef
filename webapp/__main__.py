"""Starts the `egret` command: `python -m webapp`.

What is imported stays. Looking for garbage in it again and again takes a quarter of the start.
"""

import gc


def main() -> None:
    gc.disable()
    from webapp import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
