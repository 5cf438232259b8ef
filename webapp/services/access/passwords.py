"""Which passwords are accepted. A password that was accepted before goes on to work.

As NIST SP 800-63B-4 (3.1.1.2) and OWASP ASVS 5.0 (6.2) ask: a length, and a check against what is
guessed first, but no rule about kinds of characters. Nothing is asked of a server: zxcvbn has lists
of common passwords, names and words in its package, and knows how they are usually varied.
"""

from collections.abc import Iterator
from threading import Lock

from webapp.errors import Invalid

MIN_CHARS = 15
MIN_CHARS_WITH_SECOND_FACTOR = 10
MAX_CHARS = 256
"""A longer one is refused, and never cut."""
DIFFERENT_CHARS_MIN = 5
JUDGED_CHARS = 72
"""The beginning that zxcvbn looks at: what it does grows with the square of the length."""
SCORE_MIN = 3
"""Of 4: at least 10⁸ guesses, which the wait after each wrong one makes hopeless."""

_judging = Lock()
"""zxcvbn keeps the words of one check in a global table."""


def check_password(password: str, *, name: str, has_second_factor: bool) -> None:
    """Raises Invalid, with the reason, for a new password of the user `name` that is too weak."""
    for problem in _problems(password, name, has_second_factor):
        raise Invalid(problem, code="password_refused", field="password")


def _problems(password: str, name: str, has_second_factor: bool) -> Iterator[str]:
    least = MIN_CHARS_WITH_SECOND_FACTOR if has_second_factor else MIN_CHARS
    if not password.strip():
        yield "This password has only blanks. Choose a few words that you remember."
    if len(password) < least:
        yield f"A password has at least {least} characters. A few words make a good one."
    if len(password) > MAX_CHARS:
        yield f"A password has at most {MAX_CHARS} characters; this one has {len(password)}."
    if len(set(password.casefold())) < DIFFERENT_CHARS_MIN:
        yield (
            "This password repeats the same few characters, so it is guessed soon. "
            f"Use at least {DIFFERENT_CHARS_MIN} different ones."
        )
    if _is_name(password, name):
        yield "This password is the user's own name, which is tried first. Choose something else."
    if _is_guessed_soon(password, name):
        yield (
            "This password is common, or made of a common one, so it is guessed soon. "
            "Choose a few words that do not belong together."
        )


def _is_name(password: str, name: str) -> bool:
    """Whether its letters are the name's, once or more, whatever else stands between them."""
    typed, own = _letters(password), _letters(name)
    return bool(own) and not typed.replace(own, "")


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalpha())


def _is_guessed_soon(password: str, name: str) -> bool:
    from zxcvbn import zxcvbn  # its lists take a moment, which most commands do without

    with _judging:
        found = zxcvbn(password[:JUDGED_CHARS], user_inputs=[name, "egret"])
    return int(found["score"]) < SCORE_MIN
