"""Pictures come from listed hosts only, are PNGs of a bounded size, and are kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from webapp.errors import NotFound, Upstream
from webapp.services.functions.images import PNG_SIGNATURE, SIZE_MAX_BYTES, Images
from webapp.settings import Settings

HOST = "api-assets.clashofclans.com"
PNG = PNG_SIGNATURE + b"the rest"


class Origin:
    """A host that answers as told, and counts."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def images(self, settings: Settings) -> Images:
        return Images(settings, httpx.Client(transport=httpx.MockTransport(self._handle)))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self._answer(request)


def test_a_picture_is_fetched_once_and_then_kept(settings: Settings) -> None:
    origin = Origin(lambda _: httpx.Response(200, content=PNG))
    images = origin.images(settings)
    assert images.get(HOST, "badges/70/a.png") == PNG
    assert images.get(HOST, "badges/70/a.png") == PNG
    assert origin.asked == [f"https://{HOST}/badges/70/a.png"]


def test_a_picture_that_many_ask_for_at_once_is_given_to_all(settings: Settings) -> None:
    together = Barrier(8)

    def answer(_: httpx.Request) -> httpx.Response:
        together.wait(10)
        return httpx.Response(200, content=PNG)

    images = Origin(answer).images(settings)
    with ThreadPoolExecutor(together.parties) as pool:
        for number in range(20):
            path = f"badges/70/{number}.png"
            asked = [pool.submit(images.get, HOST, path) for _ in range(together.parties)]
            assert {each.result() for each in asked} == {PNG}
    assert not list((settings.data_dir / "images").glob("*.part"))


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1", f"{HOST}.evil.example", "", f"{HOST}:22", f"x@{HOST}"]
)
def test_no_other_host_is_ever_asked(settings: Settings, host: str) -> None:
    origin = Origin(lambda _: httpx.Response(200, content=PNG))
    with pytest.raises(NotFound):
        origin.images(settings).get(host, "badges/70/a.png")
    assert origin.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "http://127.0.0.1/"}),
        httpx.Response(500),
        httpx.Response(200, content=b"<svg onload=alert(1)>"),
        httpx.Response(200, content=PNG + b"x" * SIZE_MAX_BYTES),
    ],
    ids=["redirect", "failed", "not a picture", "too large"],
)
def test_anything_but_a_small_png_is_refused_and_not_kept(
    settings: Settings, answer: httpx.Response
) -> None:
    origin = Origin(lambda _: answer)
    images = origin.images(settings)
    with pytest.raises(Upstream):
        images.get(HOST, "badges/70/a.png")
    assert len(origin.asked) == 1
    assert not list(settings.data_dir.rglob("*.png"))


@pytest.mark.parametrize("path", ["a\x00.png", "a\n.png", "\ud800.png", "x" * 70_000])
def test_what_is_no_address_is_not_found(settings: Settings, path: str) -> None:
    origin = Origin(lambda _: httpx.Response(200, content=PNG))
    with pytest.raises(NotFound):
        origin.images(settings).get(HOST, path)
    assert origin.asked == []


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_picture_that_the_partner_does_not_have_is_not_found(
    settings: Settings, status: int
) -> None:
    with pytest.raises(NotFound):
        Origin(lambda _: httpx.Response(status)).images(settings).get(HOST, "badges/70/a.png")


def test_a_path_of_the_partners_choosing_does_not_reach_the_disk(settings: Settings) -> None:
    origin = Origin(lambda _: httpx.Response(200, content=PNG))
    origin.images(settings).get(HOST, "../../../../tmp/evil.png")
    (kept,) = settings.data_dir.rglob("*.png")
    assert kept.parent == settings.data_dir / "images"
