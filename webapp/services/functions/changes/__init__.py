"""Changes of functions: to preview one, and to make it."""

from webapp.services.functions.changes.apply import change, deploy_again, preview, retry
from webapp.services.functions.changes.plan import newer_template

__all__ = ["change", "deploy_again", "newer_template", "preview", "retry"]
