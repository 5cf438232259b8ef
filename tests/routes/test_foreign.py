"""What a partner sends is no page of ours, whatever it says it is, and however much it is."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.fast import thorough
from tests.routes.people import bearer, sign_in
from tests.services.rows import a_network, a_snapshot, add, add_function
from webapp.partners.untrusted_json import CELL_MAX_CHARS, CUT, ROWS_MAX
from webapp.settings import Settings

HOST = "api-assets.clashofclans.com"
HTML = b'"<form method=post action=/sign-out><button>"'
PAGE_MAX_BYTES = 400_000


def is_sandboxed(headers: Any) -> bool:
    policy = str(headers["content-security-policy"])
    return policy.endswith("; sandbox") and "nosniff" in headers["x-content-type-options"]


@pytest.mark.parametrize("said", ["text/html", "image/svg+xml", "application/xhtml+xml", "x"])
def test_the_preview_is_json_whatever_the_partner_calls_it(
    app: FastAPI, client: Any, session: Session, said: str
) -> None:
    kept = a_snapshot(add_function(session), body=HTML, content_type=said, etag="1")
    add(session, kept)
    shown = client.get("/api/v1/functions/fun/preview", headers=bearer(app))
    assert (shown.content, shown.headers["content-type"]) == (HTML, "application/json")
    assert is_sandboxed(shown.headers)


def test_a_picture_is_a_file_to_save(app: FastAPI, client: Any, settings: Settings) -> None:
    folder = Path(settings.data_dir) / "images"
    folder.mkdir()
    name = hashlib.sha256(f"{HOST}/b.png".encode()).hexdigest()
    (folder / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n<script>")
    sign_in(client, app)
    picture = client.get(f"/images/{HOST}/b.png")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["content-disposition"] == 'attachment; filename="picture.png"'
    assert picture.headers["cache-control"] == "no-store"
    assert is_sandboxed(picture.headers)


@pytest.mark.parametrize(("suffix", "kind"), [("", "application/json"), (".txt", "text/plain")])
def test_a_public_whitelist_belongs_to_no_origin(
    client: Any, session: Session, suffix: str, kind: str
) -> None:
    add(session, a_network(link="x" * 22))
    shown = client.get(f"/whitelist/{'x' * 22}{suffix}")
    assert (shown.status_code, shown.headers["content-type"].partition(";")[0]) == (200, kind)
    assert is_sandboxed(shown.headers)


@thorough("thousands of rows")
def test_sixty_thousand_rows_are_shown_fifty_at_a_time(signed_in: Any, session: Session) -> None:
    items: list[dict[str, Any]] = [{"rank": n} for n in range(1, 60_001)]
    items[0]["name"] = "n" * 1000
    body = json.dumps({"items": items}).encode()
    add(session, a_snapshot(add_function(session), body=body, etag="1"))
    first = signed_in.get("/functions/fun").text
    assert len(first) < PAGE_MAX_BYTES
    assert first.count('<td class="rank">') == 50
    assert f"{'n' * CELL_MAX_CHARS}{CUT}" in first
    assert "The rest is cut; Raw JSON has all of it." in first
    assert f"Rows 1 to 50 of {ROWS_MAX:,}" in first
    assert f"Only the first {ROWS_MAX:,} rows are shown" in first
    last = signed_in.get("/functions/fun?page=99").text
    assert '<td class="rank">1000' in last
    assert 'rel="prev" href="?page=19#preview"' in last
    assert 'rel="next"' not in last
