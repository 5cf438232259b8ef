"""The image has what the dashboard needs, no more; `make image-check` builds and runs it."""

import re

from docs.packages import IMAGE_LOCK, OTEL_LOCK, direct, locked
from tests.image.dockerfile import ROOT, context, health_command, instructions, last

DIGEST = re.compile(r"^python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}( AS build)?$")


def test_its_base_is_named_by_digest_in_both_stages() -> None:
    bases = [each.text for each in instructions() if each.name == "FROM"]
    assert len(bases) == 2
    assert all(DIGEST.match(base) for base in bases)
    assert len({base.removesuffix(" AS build") for base in bases}) == 1


def test_packages_come_from_the_lock_of_the_image_by_their_hashes() -> None:
    (line,) = [
        each.text for each in instructions() if " install " in each.text and "pip" in each.text
    ]
    assert f"--require-hashes -r {IMAGE_LOCK.name}" in line
    assert "--only-binary :all:" in line
    assert not set(direct("sandbox")) & set(locked(IMAGE_LOCK))


def test_it_contains_the_dashboard_and_neither_sandbox_nor_tests() -> None:
    sent = context()
    assert "webapp/main.py" in sent
    assert "lambda_templates/clash_rankings/handler.py" in sent
    assert not [p for p in sent if p.startswith(("webapp/sandbox", "tests", "docs", ".git", ".ci"))]
    assert {path.split("/")[0] for path in sent} == {
        *("LICENSE", "alembic.ini", IMAGE_LOCK.name, OTEL_LOCK.name),
        *("lambda_templates", "migrations", "static", "templates", "webapp"),
    }


def test_it_runs_the_command_as_a_user_with_a_number_other_than_roots() -> None:
    assert last("USER").text == "10001:10001"
    assert last("ENTRYPOINT").words + last("CMD").words == ["egret", "serve"]


def test_its_health_is_asked_for_with_python() -> None:
    assert health_command()[:2] == ["python", "-c"]
    assert "/healthz" in health_command()[2]
    assert not [each for each in instructions() if re.search(r"\b(curl|wget|apt-get)\b", each.text)]


def test_the_readme_starts_it_with_a_read_only_root_and_a_volume() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "docker run -d --name egret --read-only --tmpfs /tmp " in readme
    assert f"-v egret-data:{last('VOLUME').text} " in readme
