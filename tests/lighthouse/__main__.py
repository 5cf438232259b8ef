"""`make lighthouse`: the scores of five pages of a real dashboard, for desktop and mobile.

Fails below 100 on desktop and 98 on mobile. Lighthouse itself comes from npm, at the versions in
package-lock.json. Its performance score varies with the load of the machine, so a page that falls
short is measured again, up to `ATTEMPTS` times, and its best score counts.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.dashboard import Dashboard
from tests.portal import addresses_of, partner_key
from webapp.sandbox.launcher import Sandbox

FOLDER = Path(__file__).parent
LIGHTHOUSE = FOLDER / "node_modules" / ".bin" / "lighthouse"
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or ""
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PAGES = ("/", "/networks/production", "/networks/new", "/keys/clash", "/functions/top-clans")
LEAST = {"desktop": 100, "mobile": 98}
ATTEMPTS = 3
TIMEOUT_S = 180
PACE_S = 0.05
FUNCTION = {
    "name": "top-clans",
    "template": "clash_rankings",
    "network": "production",
    "key": "clash",
    "settings": {"location": "32000006", "limit": 10},
}


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="egret-lighthouse-"))
    short = 0
    with (
        Sandbox.start(folder / "sandbox", pace_s=PACE_S, address_quota=5) as sandbox,
        Dashboard(sandbox, folder / "dashboard") as dashboard,
    ):
        cookies = dashboard.signed_in()
        fill(dashboard, sandbox)
        print(f"{'':8} {'page':26} {'  '.join(CATEGORIES)}")
        for form, least in LEAST.items():
            for path in PAGES:
                scores = best(dashboard.url + path, cookies, form, least)
                shown = "  ".join(f"{scores[name]:{len(name)}}" for name in CATEGORIES)
                print(f"{form:8} {path:26} {shown}", flush=True)
                short += min(scores.values()) < least
    if short:
        print(f"{short} of {len(LEAST) * len(PAGES)} fall short.")
    return int(short > 0)


def fill(dashboard: Dashboard, sandbox: Sandbox) -> None:
    """A network, a key that allows its address, and a function that has answered."""
    api = dashboard.api()
    wish = {"name": "production", "region": "eu-central-1"}
    api.post("/networks", wish).raise_for_status()
    secret = partner_key(sandbox, addresses_of(api.settled("/networks/production")))
    api.post("/keys", {"name": "clash", "secret": secret}).raise_for_status()
    api.post("/functions", FUNCTION).raise_for_status()
    api.settled("/functions/top-clans")
    api.post("/functions/top-clans/snapshots").raise_for_status()


def best(url: str, cookies: dict[str, str], form: str, least: int) -> dict[str, int]:
    """Each category's best score; measured again while one of them is below `least`."""
    scores = dict.fromkeys(CATEGORIES, 0)
    for _ in range(ATTEMPTS):
        for name, score in measure(url, cookies, form).items():
            scores[name] = max(scores[name], score)
        if min(scores.values()) >= least:
            break
    return scores


def measure(url: str, cookies: dict[str, str], form: str) -> dict[str, int]:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    command = [
        str(LIGHTHOUSE),
        url,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--extra-headers={json.dumps({'Cookie': cookie})}",
        f"--chrome-flags={FLAGS}",
        *(["--preset=desktop"] if form == "desktop" else []),
    ]
    environment = os.environ | {"CHROME_PATH": CHROMIUM}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    if done.returncode:
        sys.exit(f"Lighthouse failed at {url}: {done.stderr.strip()}")
    found = json.loads(done.stdout)["categories"]
    return {name: round((found[name]["score"] or 0) * 100) for name in CATEGORIES}


if __name__ == "__main__":
    sys.exit(main())
