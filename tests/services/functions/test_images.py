"""Pictures come from listed hosts only, are PNGs of a bounded size, and are kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.outbound.origin import Origin, response, running
from webapp.errors import NotFound, Upstream
from webapp.outbound import Outbound
from webapp.services.functions.images import PICTURES, PNG_SIGNATURE, Images
from webapp.settings import Settings

HOST = "api-assets.clashofclans.com"
PNG = PNG_SIGNATURE + b"the rest"


@pytest.fixture
def origin() -> Iterator[Origin]:
    with running() as served:
        served.answer = response(PNG)
        yield served


@pytest.fixture
def images(settings: Settings, origin: Origin) -> Images:
    return Images(settings, Outbound({f"https://{HOST}": origin.url}))


def test_a_picture_is_fetched_once_and_then_kept(images: Images, origin: Origin) -> None:
    assert images.get(HOST, "badges/70/a b?.png") == PNG
    assert images.get(HOST, "badges/70/a b?.png") == PNG
    assert [head.split("\r\n")[0] for head in origin.asked] == [
        "GET /badges/70/a%20b%3F.png HTTP/1.1"
    ]


def test_a_picture_that_many_ask_for_at_once_is_given_to_all(
    images: Images, settings: Settings
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(5):
            path = f"badges/70/{number}.png"
            asked = [pool.submit(images.get, HOST, path) for _ in range(8)]
            assert {each.result() for each in asked} == {PNG}
    assert not list((settings.data_dir / "images").glob("*.part"))


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1", f"{HOST}.evil.example", "", f"{HOST}:22", f"x@{HOST}"]
)
def test_no_other_host_is_ever_asked(images: Images, origin: Origin, host: str) -> None:
    with pytest.raises(NotFound):
        images.get(host, "badges/70/a.png")
    assert origin.asked == []


def test_a_host_that_leads_inside_is_not_asked(settings: Settings, origin: Origin) -> None:
    outbound = Outbound(resolve=lambda *_: ["127.0.0.1"])
    with pytest.raises(Upstream, match="public address"):
        Images(settings, outbound).get(HOST, "badges/70/a.png")
    assert origin.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        response(status=302, Location="http://127.0.0.1/"),
        response(status=500),
        response(b"<svg onload=alert(1)>"),
        response(PNG + b"x" * PICTURES.body_max_bytes),
    ],
    ids=["redirect", "failed", "not a picture", "too large"],
)
def test_anything_but_a_small_png_is_refused_and_not_kept(
    images: Images, settings: Settings, origin: Origin, answer: bytes
) -> None:
    origin.answer = answer
    with pytest.raises(Upstream):
        images.get(HOST, "badges/70/a.png")
    assert len(origin.asked) == 1
    assert not list(settings.data_dir.rglob("*.png"))


@pytest.mark.parametrize(
    "path",
    ["a\x00.png", "a\n.png", "\ud800.png", "x" * 70_000, "../../../../tmp/evil.png", "a/./b.png"],
)
def test_what_is_no_address_is_not_found(images: Images, origin: Origin, path: str) -> None:
    with pytest.raises(NotFound):
        images.get(HOST, path)
    assert origin.asked == []


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_picture_that_the_partner_does_not_have_is_not_found(
    images: Images, origin: Origin, status: int
) -> None:
    origin.answer = response(status=status)
    with pytest.raises(NotFound):
        images.get(HOST, "badges/70/a.png")


def test_a_path_of_the_partners_choosing_does_not_reach_the_disk(
    images: Images, settings: Settings
) -> None:
    images.get(HOST, "..%2F..%2Ftmp/evil.png")
    (kept,) = settings.data_dir.rglob("*.png")
    assert kept.parent == settings.data_dir / "images"
