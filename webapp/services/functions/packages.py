"""Where the code of a function is: in its stack, or as a zip in the bucket of its region.

A stack has room for about 30 KB of source, which is enough for a handler. What is larger, or comes
with files of its own, is uploaded before the stack is made or updated. It stays there when the
function is deleted: another function, or an earlier revision, may use the same zip.
"""

import tempfile

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import ZippedCode, fits_inline
from webapp.services.engine import foundation
from webapp.services.functions.catalogue.files import key_of, write_zip
from webapp.services.functions.catalogue.template import Template
from webapp.settings import Settings

IN_MEMORY_MAX_BYTES = 8 * 1024 * 1024
"""A larger zip is written to a temporary file."""


def placed(
    cloud: Cloud, settings: Settings, template: Template, region: str, *, token: str
) -> str | ZippedCode:
    """The template's code as a stack takes it; uploaded if it is too large for one.

    Raises NotReached while the region's bucket is being created (see `foundation.code_bucket`), and
    Conflict when a file of the template has just changed.
    """
    if template.package is None and fits_inline(template.handler):
        return template.handler
    key = key_of(template.handler, template.package)
    if not cloud.packages.has(region, key):
        foundation.code_bucket(cloud, settings, region, token=token)
        with tempfile.SpooledTemporaryFile(IN_MEMORY_MAX_BYTES) as zipped:
            write_zip(zipped, template.handler, template.package)
            cloud.packages.put(region, key, zipped)
    return ZippedCode(cloud.packages.bucket(region), key)
