"""Metrics of functions and networks: what AWS measured, by period, and what it means."""

from webapp.services.inspection.metrics.of_functions import of_function
from webapp.services.inspection.metrics.of_networks import of_network
from webapp.services.inspection.metrics.ranges import Range

__all__ = ["Range", "of_function", "of_network"]
