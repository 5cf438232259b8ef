"""What of the product a whole run has reached: its routes, and their rows in the audit trail."""

import pytest

from tests.audit_coverage import AuditCoverage
from tests.route_coverage import RouteCoverage


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RouteCoverage(config))
    config.pluginmanager.register(AuditCoverage(config))
