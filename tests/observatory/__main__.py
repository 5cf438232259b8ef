"""`make observatory`: what MDN's HTTP Observatory says of Egret behind nginx with TLS.

It scans pages without and with a session, and fails below `LEAST` points of 145. Ten of these no
page can have here: five are for hosts that browsers know as https alone, five for a cookie that is
set on the very page. The scanner comes from npm, at the version in package-lock.json, and asks
nobody but this site.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.deploy.site import Site
from webapp.browsers import HTTPS_SESSION_COOKIE
from webapp.sandbox.launcher import Sandbox

SCRIPT = Path(__file__).with_name("scan.mjs")
SIGN_IN = "/sign-in"
PAGES = (SIGN_IN, "/", "/networks/new", "/keys", "/people", "/activity", "/account")
GRADE, LEAST = "A+", 135
TIMEOUT_S = 60
PACE_S = 0.05


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="egret-observatory-"))
    short = 0
    with (
        Sandbox.start(folder / "sandbox", pace_s=PACE_S, address_quota=5) as sandbox,
        Site(sandbox, folder / "site") as site,
        closing(site.signed_in()) as browser,
    ):
        cookie = f"{HTTPS_SESSION_COOKIE}={browser.cookies[HTTPS_SESSION_COOKIE]}"
        for path in PAGES:
            found = scan(site, path, "" if path == SIGN_IN else cookie)
            if found["destination"] != site.url + path:
                sys.exit(f"{path} leads to {found['destination']}.")
            falls_short = found["grade"] != GRADE or found["score"] < LEAST
            print(f"{found['grade']:3} {found['score']:4} {path}", flush=True)
            for name, points, result in found["points"]:
                if falls_short:
                    print(f"      {points:4} {name}: {result}")
            short += falls_short
    if short:
        print(f"{short} of {len(PAGES)} fall short of {GRADE} and {LEAST}.")
    return int(short > 0)


def scan(site: Site, path: str, cookie: str) -> dict[str, Any]:
    """The grade, the score, and the points of each test, of one page."""
    done = subprocess.run(
        ["node", str(SCRIPT), site.url.removeprefix("https://") + path, cookie],
        env=os.environ | {"NODE_EXTRA_CA_CERTS": str(site.certificate)},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if done.returncode:
        sys.exit(f"The scan of {path} failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
