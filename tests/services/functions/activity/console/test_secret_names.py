"""What may hold a secret is not shown again; all the rest stays as it was typed."""

import json

import pytest

from webapp.services.functions.activity.console.secret_names import (
    body_shown,
    headers_shown,
    may_be_secret,
    query_shown,
)

OPEN = "[" * 5000


@pytest.mark.parametrize("name", ["limit", "Accept", "keyword", "author", "x-request-id", "sort"])
def test_usual_names_are_no_secrets(name: str) -> None:
    assert not may_be_secret(name)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Accept: a:b\n X-Api-Key : s3cret", "Accept: a:b\n X-Api-Key : "),
        ("Key: s3cret\r\nAuth:s3cret\nPIN: s3cret", "Key: \nAuth: \nPIN: "),
        ("Authorization Bearer s3cret", "Authorization"),
        ("nonsense", "nonsense"),
    ],
)
def test_headers_lose_the_values_of_secrets(typed: str, shown: str) -> None:
    assert headers_shown(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("limit=5&tag=a+b&tag=%C3%A9", "limit=5&tag=a+b&tag=%C3%A9"),
        ("limit=5&access_token=s3cret&key=s3cret", "limit=5&access_token=&key="),
        ("100%&=", "100%&="),
    ],
)
def test_a_query_loses_the_values_of_secrets(typed: str, shown: str) -> None:
    assert query_shown(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ('{"a":  [1, "\\u00e9"]}', '{"a":  [1, "\\u00e9"]}'),
        ('[{"password": "s3cret", "b": "\u00e9"}]', [{"password": "", "b": "\u00e9"}]),
        ('{"token": {"v": ["s3cret"]}, "b": 1}', {"token": "", "b": 1}),
        ('{"body": "{\\"pin\\": 1234}"}', {"body": '{\n  "pin": ""\n}'}),
        ('{"token": "\\ud800", "b": "\\ud800"}', {"token": "", "b": "?"}),
        ('{"token": "s3c\\"ret", "pin": 1234, "b": 1', '{"token": "", "pin": "", "b": 1'),
        ('{"authorization": ["s3cret", "s3cret"], b}', '{"authorization": "", b}'),
        ('{"secret": "s3cret', '{"secret": ""'),
        ("user=ada&password=s3cret", "user=ada&password="),
        (f'{OPEN}{{"token": "s3cret"}}', f'{OPEN}{{"token": ""}}'),
        ("just a text", "just a text"),
    ],
)
def test_a_body_or_an_event_loses_the_values_of_secrets(typed: str, shown: object) -> None:
    found = body_shown(typed)
    assert found == shown if isinstance(shown, str) else json.loads(found) == shown
