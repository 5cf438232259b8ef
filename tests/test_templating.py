"""What every template can use."""

from webapp.templating import environment

CONSOLE = "https://eu-central-1.console.aws.amazon.com/servicequotas/home?a=1&b=2"


PORTAL = "http://127.0.0.1:9/a-long-pass/portal"


def linked(text: str, *, portal: str = "") -> str:
    return environment.from_string("{{ text | linked }}").render(text=text, portal_url=portal)


def shortened(text: str, *, portal: str = "") -> str:
    template = environment.from_string("{{ text | shortened }}")
    return template.render(text=text, portal_url=portal)


def test_a_long_address_in_a_text_is_a_link_named_by_its_host() -> None:
    found = linked(f"Ask for more: {CONSOLE}. Then go on.")
    assert found.startswith('Ask for more: <a href="https://eu-central-1.console')
    assert ">eu-central-1.console.aws.amazon.com</a>. Then go on." in found
    assert "a=1&amp;b=2" in found


def test_the_rest_of_the_text_is_escaped_and_nothing_else_is_a_link() -> None:
    assert linked("<b> javascript:alert(1) http://plain.example") == (
        "&lt;b&gt; javascript:alert(1) http://plain.example"
    )
    assert "&lt;" in linked("https://a.example<script>")


def test_the_portal_in_use_is_a_link_named_as_that() -> None:
    found = linked(f"Make a key at {PORTAL} under My Account.", portal=PORTAL)
    assert f'at <a href="{PORTAL}" target' in found
    assert ">the portal</a> under My Account." in found
    assert linked(f"{PORTAL}/x", portal=PORTAL) == f"{PORTAL}/x"


def test_a_text_that_is_a_link_already_has_no_long_address() -> None:
    text = f"Make a key at {PORTAL}, or ask at {CONSOLE}. Write it like https://example.com."
    assert shortened(text, portal=PORTAL) == (
        "Make a key at the portal, or ask at eu-central-1.console.aws.amazon.com. "
        "Write it like https://example.com."
    )
    assert ">https://example.com</a>." in linked(text)
