"""Badges of clans and leagues are pictures that the partner draws."""

from tests.sandbox.partner.client import Partner


def test_badges_are_pictures_and_the_same_name_is_the_same_picture(partner: Partner) -> None:
    first, again = (partner.client.get("/badges/70/abc.png") for _ in range(2))
    assert first.headers["content-type"] == "image/png"
    assert first.content == again.content
    assert first.content != partner.client.get("/badges/70/abd.png").content
    assert partner.client.get("/leagues/72/abc.png").headers["content-type"] == "image/png"
    for other in ("/badges/71/abc.png", "/leagues/70/abc.png", "/others/70/abc.png"):
        assert partner.client.get(other).status_code == 404
