"""Reads the Dockerfile and .dockerignore, as far as ours use their languages."""

import json
import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
HEALTH = re.compile(r"^.*?CMD (\[.*\])$")


@dataclass(frozen=True)
class Instruction:
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Of the form with JSON, or those between blanks."""
        return json.loads(self.text) if self.text.startswith("[") else self.text.split()


def instructions() -> list[Instruction]:
    """With ARG's values in place, and without comments."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.M)
    lines = re.sub(r" *\\\n *", " ", text).splitlines()
    found = [Instruction(*line.split(maxsplit=1)) for line in lines if line]
    arguments = dict(each.text.split("=", 1) for each in found if each.name == "ARG")
    for name, value in arguments.items():
        found = [Instruction(i.name, i.text.replace(f"${{{name}}}", value)) for i in found]
    return found


def last(name: str) -> Instruction:
    return [each for each in instructions() if each.name == name][-1]


def health_command() -> list[str]:
    found = HEALTH.match(last("HEALTHCHECK").text)
    words: list[str] = json.loads(found[1]) if found else []
    return words


def context() -> list[str]:
    """The project's files that Docker gets, by .dockerignore: the last rule that matches counts."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    return [path for path in listed.splitlines() if _is_sent(path, rules)]


def _is_sent(path: str, rules: list[str]) -> bool:
    sent = True
    places = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        inner = "**/" in rule
        names = [PurePosixPath(place).name for place in places] if inner else places
        if any(fnmatch(name, pattern) for name in names):
            sent = rule.startswith("!")
    return sent
