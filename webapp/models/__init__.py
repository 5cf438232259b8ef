"""The tables. Importing this package makes all of them known to SQLModel's metadata."""

from webapp.models.account import (
    OWN,
    Account,
    AccountStatus,
    Connection,
    NewAccount,
    Site,
    shown_as,
)
from webapp.models.address import Address, AddressStatus
from webapp.models.audit_event import AuditEvent, AuditHead, AuditResult
from webapp.models.base import Audited, Input, StackRow, Status, folded, utc_now
from webapp.models.begun_sign_in import BegunSignIn
from webapp.models.caller import Caller, FormerKey, NewCaller, NewLimits
from webapp.models.draft import KeptDraft
from webapp.models.factors import Passkey, RecoveryCode, Totp
from webapp.models.function import Access, FetchSchedule, Function, FunctionChange, NewFunction
from webapp.models.guesses import Guesses
from webapp.models.heartbeat import Heartbeat
from webapp.models.key import GoingBack, Key, KeyVersion, NewKey, NewVersion, SentBy
from webapp.models.key_range import KeyRange
from webapp.models.lease import Lease
from webapp.models.network import Nat, Network, NewChange, NewNetwork, Shape
from webapp.models.proof import Proof
from webapp.models.revision import FunctionRevision, RevisionStatus
from webapp.models.role import Role
from webapp.models.rules import MAX_ZONES
from webapp.models.saved_request import (
    NewInvocation,
    NewSavedRequest,
    SavedRequest,
    TriedRequest,
)
from webapp.models.schedule import NewSchedule, WeeklyHours
from webapp.models.snapshot import Snapshot
from webapp.models.stack_event import StackEvent
from webapp.models.throttle import Throttle
from webapp.models.user import AccessToken, NewPerson, NewRole, NewToken, TokenKind, User
from webapp.models.whitelisting import NewWhitelisting, Whitelisting

__all__ = [
    "MAX_ZONES",
    "OWN",
    "Access",
    "AccessToken",
    "Account",
    "AccountStatus",
    "Address",
    "AddressStatus",
    "AuditEvent",
    "AuditHead",
    "AuditResult",
    "Audited",
    "BegunSignIn",
    "Caller",
    "Connection",
    "FetchSchedule",
    "FormerKey",
    "Function",
    "FunctionChange",
    "FunctionRevision",
    "GoingBack",
    "Guesses",
    "Heartbeat",
    "Input",
    "KeptDraft",
    "Key",
    "KeyRange",
    "KeyVersion",
    "Lease",
    "Nat",
    "Network",
    "NewAccount",
    "NewCaller",
    "NewChange",
    "NewFunction",
    "NewInvocation",
    "NewKey",
    "NewLimits",
    "NewNetwork",
    "NewPerson",
    "NewRole",
    "NewSavedRequest",
    "NewSchedule",
    "NewToken",
    "NewVersion",
    "NewWhitelisting",
    "Passkey",
    "Proof",
    "RecoveryCode",
    "RevisionStatus",
    "Role",
    "SavedRequest",
    "SentBy",
    "Shape",
    "Site",
    "Snapshot",
    "StackEvent",
    "StackRow",
    "Status",
    "Throttle",
    "TokenKind",
    "Totp",
    "TriedRequest",
    "User",
    "WeeklyHours",
    "Whitelisting",
    "folded",
    "shown_as",
    "utc_now",
]
