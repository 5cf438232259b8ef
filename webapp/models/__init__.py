"""The tables. Importing this package makes all of them known to SQLModel's metadata."""

from webapp.models.address import Address, AddressStatus
from webapp.models.audit_event import AuditEvent
from webapp.models.base import StackRow, Status, utc_now
from webapp.models.function import Access, Function
from webapp.models.heartbeat import Heartbeat
from webapp.models.key import Key, KeyVersion
from webapp.models.lease import Lease
from webapp.models.network import MAX_ZONES, Nat, Network, Shape
from webapp.models.proof import Proof
from webapp.models.snapshot import Snapshot
from webapp.models.stack_event import StackEvent
from webapp.models.throttle import Throttle
from webapp.models.user import AccessToken, TokenKind, User
from webapp.models.whitelisting import Whitelisting

__all__ = [
    "MAX_ZONES",
    "Access",
    "AccessToken",
    "Address",
    "AddressStatus",
    "AuditEvent",
    "Function",
    "Heartbeat",
    "Key",
    "KeyVersion",
    "Lease",
    "Nat",
    "Network",
    "Proof",
    "Shape",
    "Snapshot",
    "StackEvent",
    "StackRow",
    "Status",
    "Throttle",
    "TokenKind",
    "User",
    "Whitelisting",
    "utc_now",
]
