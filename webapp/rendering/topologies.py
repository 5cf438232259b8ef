"""The picture of a network, which is kept under what it shows."""

from markupsafe import Markup

from webapp.rendering.prepared import prepared
from webapp.services.networks import NetworkDetail


def topology_of(detail: NetworkDetail) -> Markup:
    return prepared.rows("networks/_topology.html", [detail.topology])
