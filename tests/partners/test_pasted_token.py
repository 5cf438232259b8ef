"""A token is found in whatever it was pasted with, and nothing that is missing is hidden."""

import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens import mint
from webapp.partners.pasted_token import token_in

TOKEN = mint()
WRAPPED = "\n".join(textwrap.wrap(TOKEN, 76))


@pytest.mark.parametrize(
    "pasted",
    [
        TOKEN,
        f"  {TOKEN}\n",
        f'"{TOKEN}"',
        f"'{TOKEN}',",
        f"`{TOKEN}`",
        f"```\n{TOKEN}\n```",
        f"\u201c{TOKEN}\u201d",
        f"\ufeff{TOKEN}\u200b",
        f"Bearer {TOKEN}",
        f'bearer  "{TOKEN}" ',
        f"Authorization: Bearer {TOKEN}",
        f"curl -H 'Authorization: Bearer {TOKEN}' https://api.clashofclans.com/v1/locations",
        f"COC_KEY={TOKEN}",
        f"COC_KEY = {TOKEN}",
        f'export COC_KEY="{TOKEN}"',
        f"$env:COC_KEY = '{TOKEN}';",
        f"coc.key: {TOKEN}",
        f"# the key of prod\nCOC_KEY={TOKEN}\nOTHER=1\n",
        f"key: >-\n  {TOKEN}\n",
        f"- {TOKEN}",
        f"<code>{TOKEN}</code>",
        json.dumps({"key": TOKEN}),
        json.dumps({"name": "a", "key": {"id": "b", "key": TOKEN}, "n": [1]}, indent=2),
        json.dumps(json.dumps({"key": TOKEN})),
        f'"key": "{TOKEN}",',
        f"{TOKEN}.",
        f"{TOKEN} from the portal",
        WRAPPED,
        WRAPPED.replace("\n", "\r\n"),
        WRAPPED.replace("\n", " "),
        WRAPPED.replace("\n", "\u00a0"),
        WRAPPED.replace("\n", "\\\n"),
        textwrap.indent(WRAPPED, "    "),
        textwrap.indent(WRAPPED, "> "),
        f'KEY="{WRAPPED}"',
        json.dumps({"key": WRAPPED}),
        json.dumps(json.dumps({"key": WRAPPED})),
        TOKEN.replace(".", ".\n"),
        f"{TOKEN}\n{TOKEN}".replace("\n", '", "'),
    ],
)
def test_what_was_pasted_around_or_into_a_token_is_taken_off(pasted: str) -> None:
    assert token_in(pasted) == TOKEN


@pytest.mark.parametrize("text", ["", "hello", '"hello" ', "KEY=", "{}", "keyJ and eyelid"])
def test_a_text_without_a_token_stays_as_it_is(text: str) -> None:
    assert token_in(text) == text.strip(" \"'")


@pytest.mark.parametrize("separator", [" ", "\n", ", ", "\nOTHER="])
def test_of_several_tokens_none_is_chosen(separator: str) -> None:
    assert token_in(f"{TOKEN}{separator}{mint(scopes=[])}") != TOKEN


def test_what_follows_a_token_that_was_cut_off_does_not_make_it_whole() -> None:
    assert token_in(f"KEY={TOKEN[:-30]}\nOTHER=1").startswith(TOKEN[:-30])
    assert token_in(f"{TOKEN[:-30]}\u2026") == TOKEN[:-30]


@given(st.text(max_size=300))
def test_every_text_is_read(text: str) -> None:
    assert token_in(text) is not None


@given(st.integers(1, len(TOKEN) - 1), st.sampled_from([" ", "\n", "\r\n\t", "\u2028"]))
def test_a_blank_may_be_anywhere_inside(at: int, blank: str) -> None:
    at = max(at, 3)
    assert token_in(f"{TOKEN[:at]}{blank}{TOKEN[at:]}") == TOKEN
