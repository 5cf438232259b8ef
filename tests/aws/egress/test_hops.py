"""An egress path is broken where its first broken hop is."""

from webapp.aws.egress.hops import EgressPath, Hop, Problem

WHOLE = Hop("route table", "rtb-1", note="worth knowing")
BROKEN = Hop("NAT gateway", "nat-1", *Problem("It is gone.", "Make another one."))


def test_a_path_of_whole_hops_is_not_broken() -> None:
    assert WHOLE.ok
    assert EgressPath((WHOLE,), "203.0.113.7").broken is None


def test_the_first_broken_hop_breaks_the_path() -> None:
    assert not BROKEN.ok
    assert EgressPath((WHOLE, BROKEN)).broken is BROKEN
    assert EgressPath((WHOLE, BROKEN)).source_address is None
