"""What every template can use."""

from webapp.rendering.templating import TEXT_MAX_CHARS, environment, showing

CONSOLE = "https://eu-central-1.console.aws.amazon.com/servicequotas/home?a=1&b=2"


PORTAL = "http://127.0.0.1:9/a-long-pass/portal"


def linked(text: str, *, portal: str = "") -> str:
    with showing({"portal_url": portal}):
        return environment().from_string("{{ text | linked }}").render(text=text)


def shortened(text: str, *, portal: str = "") -> str:
    with showing({"portal_url": portal}):
        return environment().from_string("{{ text | shortened }}").render(text=text)


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


def test_hidden_characters_of_what_others_wrote_can_be_seen() -> None:
    def visible(text: str) -> str:
        return environment().from_string("{{ text | visible }}").render(text=text)

    assert visible("caf\u00e9 \U0001f3c6\n\tb") == "caf\u00e9 \U0001f3c6\n\tb"
    assert visible("\x00\x1b[31m\r") == "\u2400\u241b[31m\u240d"
    assert visible("a\u202eb\u2028\x7f") == "a&lt;U+202E&gt;b&lt;U+2028&gt;&lt;U+007F&gt;"
    assert visible("x" * (TEXT_MAX_CHARS + 7)).endswith("x… (7 more characters)")


def test_a_query_has_what_is_not_empty_and_not_the_place_of_a_page() -> None:
    made = environment().from_string("{{ values | query }} {{ values | query('b') }}")
    values = {"a": "1 &", "b": "2", "c": "", "after": "3"}
    assert made.render(values=values) == "a=1+%26&amp;b=2 b=2"


def test_a_long_list_of_others_is_cut_with_a_word() -> None:
    template = environment().from_string("{{ texts | some }}")
    assert template.render(texts=("a", "b")) == "a, b"
    many = template.render(texts=[f"10.0.0.{n}" for n in range(1, 1_030)])
    assert many.endswith("10.0.0.20 and 1,009 more")
