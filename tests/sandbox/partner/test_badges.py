"""Badges are pictures that the partner draws."""

from tests.sandbox.partner.client import Partner


def test_badges_are_pictures_and_the_same_name_is_the_same_picture(partner: Partner) -> None:
    first, again = (partner.client.get("/badges/70/abc.png") for _ in range(2))
    assert first.headers["content-type"] == "image/png"
    assert first.content == again.content
    assert first.content != partner.client.get("/badges/70/abd.png").content
    assert partner.client.get("/badges/71/abc.png").status_code == 404
