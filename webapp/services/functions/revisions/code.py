"""The code of a revision: what the template has, its hash, and whether Python can read it."""

from pathlib import PurePosixPath

from webapp.errors import Invalid
from webapp.models import FunctionRevision
from webapp.services.functions.catalogue.files import key_of
from webapp.services.functions.catalogue.template import Template

HASH_DIGITS = 16


def take(revision: FunctionRevision, template: Template) -> None:
    """Give the revision the code that the template has now, with its version."""
    revision.template_version, revision.code = template.version, template.handler
    revision.code_key = key_of(template.handler, template.package)
    revision.code_hash = hash_of(template)
    revision.packaged = template.package is not None


def hash_of(template: Template) -> str:
    """Tells two codes apart, with all that is deployed beside them."""
    return PurePosixPath(key_of(template.handler, template.package)).stem[:HASH_DIGITS]


def check(template: str, code: str) -> None:
    """Raises Invalid, with the line, for code that Python cannot read.

    An error that only an import or a call would raise is found by the first call after the
    deployment.
    """
    try:
        compile(code, "handler.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise Invalid(
            f"The handler of the template {template} is not valid Python{where}: {what}.",
            code="bad_handler",
            remedy="Correct the template's handler.py. What is deployed has not changed.",
        ) from None
