"""Calls in templates do what Jinja's own do."""

from pathlib import Path

from webapp.rendering.jinja import make_environment

PAGE = """\
{% macro card(title, tone="") -%}
<p class="{{ tone }}">{{ title }}: {{ caller() }}</p>
{%- endmacro %}
{% block main %}
{% for each in rows -%}
{% call card(shown(each), tone="loud") %}{{ each.upper() }}{{ loop.index }}{% endcall %}
{%- endfor %}
{% set found = namespace(last=rows | last) %}{{ found.last }} {{ dict(a=1).a }} {{ self.end() }}
{% endblock %}
{% block end %}<b>{% endblock %}
"""


def test_macros_functions_methods_and_classes_are_called(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    environment = make_environment(tmp_path, {"shown": lambda text: f"<{text}>"}, {})
    page = environment.get_template("page.html").render(rows=["a", "b"])
    assert '<p class="loud">&lt;a&gt;: A1</p><p class="loud">&lt;b&gt;: B2</p>' in page
    assert "b 1 <b>" in page
