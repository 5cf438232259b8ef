"""What was pasted around and between the pieces of a token is taken off."""

import html
from urllib.parse import quote

import pytest

from tests.tokens import mint
from webapp.partners.pasted_text import plain
from webapp.partners.pasted_token import token_in

TOKEN = mint()
LINES = [TOKEN[at : at + 64] for at in range(0, len(TOKEN), 64)]
NUMBERED = [*enumerate(LINES, 1)]
ESC = "\x1b"


@pytest.mark.parametrize(
    "pasted",
    [
        quote(f"Bearer {TOKEN}"),
        quote(f'"{TOKEN}"'),
        quote("\r\n".join(LINES)),
        f"\\t{TOKEN}\\n",
        f"KEY=\\t{TOKEN}",
        f"\\u0022{TOKEN}\\u0022",
        f"\\x22{TOKEN}\\x22",
        f"\\ufeff{TOKEN}\\u200b",
        "\n".join(f"\u00a0> {line}" for line in LINES),
        html.escape(f'<a title="key">"{TOKEN}"</a>'),
        f"_{TOKEN}_",
        f"__{TOKEN}__",
        f"**{TOKEN}**",
        f"***__{TOKEN}__***",
        f"{ESC}[32m{TOKEN}{ESC}[0m",
        f"{ESC}[1;38;5;10m".join(LINES),
        f"\\033[32m{TOKEN}\\033[0m",
        f"\\e[32m{TOKEN}\\e[0m",
        "".join(f"{char}\0" for char in TOKEN),
        f"\x02{TOKEN}\x03\x7f",
        f"e yJ{TOKEN[3:]}",
        f"ey\nJ{TOKEN[3:]}",
        "=\n".join(LINES),
        "=\r\n".join(LINES),
        f"KEY=3D{TOKEN}",
        "KEY=3D" + "=\r\n".join([TOKEN[:69], *(TOKEN[at : at + 75] for at in range(69, 600, 75))]),
        '"' + '" + "'.join(LINES) + '"',
        '"' + '" +\n    "'.join(LINES) + '"',
        '"' + '"\n    + "'.join(LINES) + '"',
        "('" + "'\n '".join(LINES) + "')",
        "'" + "' .\n'".join(LINES) + "';",
        '"' + '" & _\n"'.join(LINES) + '"',
        '"' + '" \\\n"'.join(LINES) + '"',
        "`\n".join(LINES),
        "^\r\n".join(LINES),
        "\\\n  ".join(LINES),
        "<wbr>".join(LINES),
        "<br>".join(LINES),
        "<br/>\n".join(LINES),
        f"<p><code>{'<wbr />'.join(LINES)}</code></p>",
        "".join(f"<div>{line}</div>" for line in LINES),
        f'<span class="k">{TOKEN}</span>',
        "\n".join(f"> > {line}" for line in LINES),
        "\n".join(f"# {line}" for line in LINES),
        "\n".join(f"| {line} |" for line in LINES),
        "\n".join(f"{number}. {line}" for number, line in NUMBERED),
        "\n".join(f"{number:>6}\t{line}" for number, line in NUMBERED),
        "\n".join(f"{number + 40}: {line}" for number, line in NUMBERED),
        f"-----BEGIN KEY-----\n{TOKEN}\n-----END KEY-----",
    ],
)
def test_a_wrapping_is_taken_off(pasted: str) -> None:
    assert token_in(pasted) == TOKEN


@pytest.mark.parametrize(
    ("pasted", "lines"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\u00a0b\vc", "a b c"),
        ("\ufeffa\u200bb\x00", "ab"),
        ("1. a\n3. b", "1. a\n3. b"),
        ("PORT=80\nA=3D", "PORT=80\nA=3D"),
        ('["a", "b"]', '["a", "b"]'),
        ("<eyJa.b@c>", "<eyJa.b@c>"),
    ],
)
def test_lines_and_words_stay(pasted: str, lines: str) -> None:
    assert plain(pasted) == lines
