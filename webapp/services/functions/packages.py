"""Where the code of a function is: in its stack, or as a zip in the bucket of its region.

A stack has room for about 30 KB of source, which is enough for a handler. What is larger, or comes
with files of its own, is uploaded before the stack is made or updated. It stays there when the
function is changed or deleted: an earlier revision or another function may use the same zip.
"""

import tempfile
from dataclasses import dataclass, field

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import ZippedCode, fits_inline
from webapp.errors import Conflict
from webapp.models import FunctionRevision
from webapp.services.engine import foundation
from webapp.services.functions.catalogue.files import Package, key_of, write_zip
from webapp.services.functions.catalogue.template import Template
from webapp.services.functions.catalogue.templates import get_template, template_of
from webapp.settings import Settings

IN_MEMORY_MAX_BYTES = 8 * 1024 * 1024
"""A larger zip is written to a temporary file."""


@dataclass(frozen=True)
class Code:
    """What a function runs: the template's name, the handler's source as it was, and the name of
    the zip in the bucket, which is empty if the source is in the stack."""

    template: str
    source: str = field(repr=False)
    key: str = ""


def code_of(template: Template) -> Code:
    """The template's code as it is now."""
    if template.package is None and _fits(template.handler, template):
        return Code(template.name, template.handler)
    return Code(template.name, template.handler, key_of(template.handler, template.package))


def code_of_revision(revision: FunctionRevision) -> Code:
    """The code that the revision was deployed with, or will be."""
    template = template_of(revision.template)
    is_inline = not revision.packaged and _fits(revision.code, template)
    return Code(revision.template, revision.code, "" if is_inline else revision.code_key)


def _fits(source: str, template: Template) -> bool:
    return fits_inline(source, template.methods, subpaths=template.subpaths)


def located(cloud: Cloud, code: Code, region: str) -> str | ZippedCode:
    """The code as a stack takes it, whether it is in the bucket yet or not."""
    return ZippedCode(cloud.packages.bucket(region), code.key) if code.key else code.source


def placed(
    cloud: Cloud, settings: Settings, code: Code, region: str, *, token: str
) -> str | ZippedCode:
    """The code as a stack takes it. A zip that the region's bucket lacks is uploaded.

    Raises NotReached while the bucket is being created, by the operation's `token` (see
    `foundation.code_bucket`); NotFound and Conflict where the template no longer has this code.
    """
    if not code.key:
        return code.source
    if not cloud.packages.has(region, code.key):
        package = _package_of(code, region)
        foundation.code_bucket(cloud, settings, region, token=token)
        with tempfile.SpooledTemporaryFile(IN_MEMORY_MAX_BYTES) as zipped:
            write_zip(zipped, code.source, package)
            cloud.packages.put(region, code.key, zipped)
    return located(cloud, code, region)


def _package_of(code: Code, region: str) -> Package | None:
    """What is deployed beside the source. Raises Conflict where the template has changed."""
    if key_of(code.source, None) == code.key:
        return None
    template = get_template(code.template)
    if key_of(template.handler, template.package) != code.key:
        raise Conflict(
            f"This code of the template {code.template} is not in the bucket of {region}, and the "
            "template has different code now.",
            code="code_gone",
            remedy="Deploy the template as it is now, or restore its files as they were.",
            link=("/templates", "Open the templates"),
        )
    return template.package
