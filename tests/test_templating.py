"""What every template can use."""

from webapp.templating import environment

CONSOLE = "https://eu-central-1.console.aws.amazon.com/servicequotas/home?a=1&b=2"


def linked(text: str) -> str:
    return str(environment.filters["linked"](text))


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
