"""The availability zones of a network: those that were chosen, or the region's first.

A zone without NAT gateways or Lambda functions is never taken; who asks for it, or for more zones
than there are, is refused before anything is made.
"""

from collections.abc import Sequence

from webapp.aws.vpcs import AvailabilityZone
from webapp.errors import Invalid
from webapp.models import MAX_ZONES


def check_count(availability_zones: int) -> None:
    if not 1 <= availability_zones <= MAX_ZONES:
        raise Invalid(f"A network has 1 to {MAX_ZONES} zones.", field="availability_zones")


def check_choice(chosen: Sequence[str], availability_zones: int) -> None:
    """What can be known of chosen zones without AWS."""
    if len(set(chosen)) < len(chosen):
        raise Invalid("A zone was chosen twice.", field="zones")
    if chosen and len(chosen) != availability_zones:
        raise Invalid(
            f"You named {counted(len(chosen))} but chose {availability_zones}. Name "
            f"{availability_zones}, or leave this empty.",
            field="zones",
        )


def choose(
    region: str,
    offered: Sequence[AvailabilityZone],
    count: int,
    *,
    chosen: Sequence[str] = (),
    have: Sequence[str] = (),
) -> list[str]:
    """The names of `count` zones: those that the network has, then the chosen ones or others.

    Raises Invalid when a chosen one cannot be used, or when there are not as many.
    """
    usable = [zone.name for zone in offered if zone.usable and zone.name not in have]
    for name in chosen:
        _check(name, offered, usable, have)
    zones = [*have, *(chosen or usable)][:count]
    if len(zones) < count:
        raise Invalid(
            f"{region} has fewer than {counted(count)}. {told(region, offered)}",
            code="too_few_zones",
            remedy="Choose fewer zones, or another region.",
            field="availability_zones",
        )
    return zones


def told(region: str, offered: Sequence[AvailabilityZone]) -> str:
    """The zones that can be used, and those that cannot, in a sentence or two."""
    names = [zone.name for zone in offered if zone.usable]
    text = f"{region} has {counted(len(names))} with NAT gateways and Lambda: {', '.join(names)}."
    others = [f"{zone.name} ({zone.id})" for zone in offered if not zone.usable]
    return f"{text} Not usable: {', '.join(others)}." if others else text


def counted(count: int) -> str:
    """`1 zone`, `2 zones`."""
    return "1 zone" if count == 1 else f"{count} zones"


def _check(
    name: str, offered: Sequence[AvailabilityZone], usable: Sequence[str], have: Sequence[str]
) -> None:
    if name in usable:
        return
    known = {zone.name: zone for zone in offered} | {zone.id: zone for zone in offered}
    if name in have:
        problem = f"The network is in {name} already."
    elif name not in known:
        problem = f"There is no zone {name!r} here."
    elif name == known[name].id:
        problem = f"{name} is an id; name the zone {known[name].name}."
    else:
        problem = f"{name} ({known[name].id}) has no NAT gateways and no Lambda."
    raise Invalid(f"{problem} Choose of: {', '.join(usable)}.", code="bad_zone", field="zones")
