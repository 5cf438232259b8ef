"""NAT gateways one by one: found while they exist, and deleted without complaint."""

from tests.sandbox.lab import Lab, egress
from webapp.aws.clients import Clients
from webapp.aws.nat_gateways import NatGateways

REGION = "ca-central-1"


def test_a_nat_gateway_is_found_until_it_is_deleted(clients: Clients) -> None:
    lab, gateways = Lab(clients, REGION), NatGateways(clients)
    made = lab.deployed(egress(lab.allocate()), {"Nat": {"Ref": "Nat"}}).outputs["Nat"]
    assert gateways.states(REGION, [made, "nat-0"]) == {made: "available"}
    for nat_id in (made, made, "nat-0"):
        gateways.delete(REGION, nat_id)
    assert gateways.states(REGION, [made]) in ({made: "deleting"}, {})
    lab.clean_up()
