"""A browser is called by a name that its user knows."""

import pytest

from webapp.rendering.user_agents import short_name

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{LINUX} Firefox/150.0", "Firefox on Linux"),
        (f"{WINDOWS} Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{IPHONE} Safari/604.1", "Safari on iPhone"),
        ("curl/8.14", "curl/8.14"),
        ("x" * 99, "x" * 40),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_with_its_system(user_agent: str, name: str) -> None:
    assert short_name(user_agent) == name
