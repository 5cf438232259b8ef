"""The audit trail: who did what to what. `Scope.record` writes it."""

from webapp.services.audit.export import lines
from webapp.services.audit.trail import Wanted, list_after, newest_first
from webapp.services.audit.verification import verify

__all__ = ["Wanted", "lines", "list_after", "newest_first", "verify"]
