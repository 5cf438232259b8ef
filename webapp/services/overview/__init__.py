"""The first page, and the text that tells an open page whether anything has changed."""

from webapp.services.overview.alerts import Alert
from webapp.services.overview.page import TABLE_ROWS_MAX, Overview, overview
from webapp.services.overview.state import state_of

__all__ = ["TABLE_ROWS_MAX", "Alert", "Overview", "overview", "state_of"]
