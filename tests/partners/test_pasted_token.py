"""A token is found in whatever it was pasted with, and nothing that is missing is hidden."""

import json
import textwrap
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fast import thorough
from tests.tokens import mint
from webapp.partners.clash_of_clans_keys import NoKey, claims_of
from webapp.partners.pasted_token import PASTED_MAX_CHARS, token_in

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


@pytest.mark.parametrize(
    "pasted",
    [
        f"{TOKEN}\n203.0.113.7",
        f"{TOKEN}\tconfig.json",
        f"{TOKEN}\nCreated 25.11.2026",
        f"{TOKEN} from the portal. Thanks",
        f"{TOKEN}. Sent from my iPhone.",
        f"{TOKEN}\nhttps://developer.clashofclans.com",
        f"{WRAPPED}\n\n-- \nada@example.com",
        f"203.0.113.7 {TOKEN} 203.0.113.8",
        f"{TOKEN}\n\n{TOKEN}",
        f"{TOKEN}\n{WRAPPED}",
        f"{TOKEN[:20]}\u2026\n{TOKEN}",
        f"{TOKEN[:-30]}\n\n{TOKEN}",
    ],
)
def test_what_follows_a_whole_token_is_left_out(pasted: str) -> None:
    assert token_in(pasted) == TOKEN


@pytest.mark.parametrize(
    "pasted",
    [
        f"{TOKEN[:-5]}\nOTHER=1",
        f"{TOKEN[:-4]}\nPORT=80",
        f"{TOKEN[:-4]} from the portal",
        f"{TOKEN[:-4]}\nview",
        f"{TOKEN[:-3]}\nnow",
        f"{TOKEN[:-6]}\n--\nview",
        f"{TOKEN[:-9]}\nLOG_LEVEL=info\nPORT=80",
        f"{TOKEN[:-4]}\nview: 1",
        *(f"{TOKEN[:-cut]}\nSent from my iPhone" for cut in (4, 8, 10, 16)),
        *(f"{TOKEN[:-cut]}\n{'w' * cut}" for cut in range(4, 60)),
    ],
)
def test_words_do_not_make_a_token_whole_that_was_cut_off(pasted: str) -> None:
    with pytest.raises(NoKey) as refusal:
        claims_of(token_in(pasted))
    assert refusal.value.code in ("cut_off", "not_a_jwt")


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


TOKENS = st.builds(
    lambda count, jti, sub: mint(cidrs=["203.0.113.7"] * count, jti=jti, sub=sub),
    st.integers(1, 5),
    st.uuids().map(str),
    st.text("abcdefgh-_", max_size=9),
)
# fmt: off
WORDS = st.sampled_from([
    "OTHER=1", "PORT=80", "LOG_LEVEL=info", "DATABASE_URL=postgres://a:b@c/d", "export", "from",
    "the", "portal", "Sent", "my", "iPhone", "Thanks,", "Best", "regards", "--", "\u2014", "now",
    "view", "show", "below", "flag", "25.11.2026", "10:42", "203.0.113.7", "config.json",
    "my-key-g", "GitHub", "user@example.com", "(see", "above)", "[1]", "key:", "region=eu-1",
    "ok", "e-mail", "end-to-end", "|", ">", "#", "}", "1", "42", "..",
])
# fmt: on
ENDS = st.sampled_from([" ", "\n", "\n\n", "\r\n", "\t", "\n  ", "\n> ", "\n-- \n"])
JOINTS = st.sampled_from(
    ["\n", "\r\n", "\n    ", "\n> ", "\n\t", "=\n", "=\r\n", "\\\n", " ", "\\n", '"\n"', '" + "']
)


@given(TOKENS, st.integers(1, 60), ENDS, st.lists(WORDS, min_size=1, max_size=6), ENDS)
def test_no_words_after_a_cut_make_it_a_key(
    token: str, cut: int, end: str, words: list[str], between: str
) -> None:
    with pytest.raises(NoKey):
        claims_of(token_in(f"{token[:-cut]}{end}{between.join(words)}"))


@given(TOKENS, st.integers(10, 120), JOINTS, st.sampled_from(["", "KEY=", "Bearer "]))
def test_a_token_that_was_wrapped_at_any_width_is_whole(
    token: str, width: int, joint: str, prefix: str
) -> None:
    wrapped = joint.join(token[at : at + width] for at in range(0, len(token), width))
    for pasted in (wrapped, f'{prefix}"{wrapped}"', f"{wrapped}\n\nSent from my iPhone. Bye"):
        assert token_in(pasted) == token


@thorough("long texts")
@pytest.mark.parametrize(
    "part", ["\\", " ", '" ', "|\t", "eyJabcdefgh ", "abcdefghij ", "a ", "=", "# "]
)
def test_a_long_text_is_read_quickly(part: str) -> None:
    """Whatever it repeats: patterns that look back again and again would take minutes."""
    started = perf_counter()
    token_in(f"{TOKEN[:60]} {part}" + part * (PASTED_MAX_CHARS // len(part) - 60))
    assert perf_counter() - started < 5
