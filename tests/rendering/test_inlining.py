"""What a template includes is a part of it, and shows what it would show by itself."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from webapp.rendering.inlining import Inlining

TEMPLATES = {
    "page.html": """\
{% set name = "page" %}
<ul>
  {% for each in rows %}
  {% include "row.html" %}
  {% endfor %}
</ul>
{%- include "end.html" -%}

{{ name }} {% include which ~ ".html" %}
""",
    "row.html": """\
{% set name = "row " ~ each %}
<li>{{ name }} {{ each }} {% include "end.html" %}</li>
""",
    "end.html": "{{ name }}{# the end #}.\n",
}


def test_a_page_is_the_same_as_by_jinjas_own_inclusion(tmp_path: Path) -> None:
    for name, text in TEMPLATES.items():
        (tmp_path / name).write_text(text)
    shown = [
        Environment(loader=loader(tmp_path), autoescape=True, trim_blocks=True, lstrip_blocks=True)
        .get_template("page.html")
        .render(rows=["<a>", "b"], which="end")
        for loader in (Inlining, FileSystemLoader)
    ]
    assert shown[0] == shown[1]
    assert "<li>row b b row b.</li>" in shown[0]
    source, _, _ = Inlining(tmp_path).get_source(Environment(autoescape=True), "page.html")
    assert source.count("include") == 1
