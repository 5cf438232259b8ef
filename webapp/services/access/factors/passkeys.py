"""Passkeys (WebAuthn level 3): a key in a device or password manager, which checks who uses it.

Since it does (user verification is required), a passkey is two factors in one: it signs in without
a name and a password, and it counts as a second factor where a password was typed.

A challenge is a sealed text with its purpose and time, so nothing is stored for who only looks at
the page. A passkey remembers when the challenge of its last use was made, and accepts newer ones
only: each works once. The library is imported when a passkey is used: it is no part of the start.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import AccessToken, Passkey, User
from webapp.models.texts import LABEL_MAX, check_line
from webapp.scope import Scope
from webapp.sealing import Sealer
from webapp.services.access.factors.owned import HERE, factors_of, gained, locked, lost
from webapp.services.access.guesses import PASSKEY, Guesser, record_failure
from webapp.services.access.hashing import turns
from webapp.services.access.sessions import Browser, Limits, open_session
from webapp.settings import Settings

CHALLENGE_FOR = timedelta(minutes=10)
PASSKEYS_MAX = 10
CREDENTIAL_MAX_CHARS = 16_000
SIGN_IN, REGISTER = "sign in with a passkey", "register a passkey"
LOCALHOST = "localhost"
Result = TypeVar("Result")


@dataclass(frozen=True)
class RelyingParty:
    """Whom a passkey is for: the name in the public URL, and the origin of its pages."""

    id: str
    origin: str


def relying_party(settings: Settings) -> RelyingParty | None:
    """None where browsers have no passkeys: at an IP address, or by http but at localhost; and
    where there is no key to seal a challenge with."""
    parts = urlsplit(settings.url)
    host = parts.hostname or ""
    by_name = host == LOCALHOST or (settings.https and not _is_ip(host))
    if not by_name or settings.lacks_key:
        return None
    default_port = {"https": 443, "http": 80}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, default_port) else ""
    return RelyingParty(host, f"{parts.scheme}://{host}{port}")


def needed_party(settings: Settings) -> RelyingParty:
    """Raises Conflict where there are no passkeys."""
    if party := relying_party(settings):
        return party
    raise Conflict(
        "Passkeys cannot be used at this address.",
        code="no_passkeys_here",
        remedy="Browsers have them for a host name by https: set EGRET_PUBLIC_URL.",
        link=HERE,
    )


def creation_options(session: Session, sealer: Sealer, party: RelyingParty, user: User) -> str:
    """What the browser is asked to make, as JSON; no second one in the same device."""
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = factors_of(session, user).passkeys
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Egret",
        user_id=user.id.encode(),
        user_name=user.name,
        challenge=_challenge(sealer, REGISTER + user.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id))
            for each in known
        ],
    )
    return options_to_json(options)


def request_options(sealer: Sealer, party: RelyingParty) -> str:
    """What the browser is asked to sign, as JSON; it offers the passkeys that it has for us."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=party.id,
        challenge=_challenge(sealer, SIGN_IN),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def add_passkey(
    scope: Scope,
    sealer: Sealer,
    party: RelyingParty,
    user: User,
    own: AccessToken,
    *,
    name: str,
    credential: str,
) -> list[str]:
    """All other sessions end. Returns recovery codes, to be shown once, if there were none.

    Raises Invalid for a name that breaks a rule or an answer that does not fit, Conflict.
    """
    from webauthn import verify_registration_response

    name = _checked_name(name)
    challenge, made_at = _answered(sealer, REGISTER + user.id, credential, is_new=True)
    found = _tried(
        lambda: verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    )
    row = locked(scope.session, user.id)
    if len(factors_of(scope.session, row).passkeys) >= PASSKEYS_MAX:
        raise Conflict(f"There are {PASSKEYS_MAX} passkeys.", remedy="Remove one first.", link=HERE)
    passkey = Passkey(
        user_id=user.id,
        name=name,
        credential_id=_text(found.credential_id),
        public_key=_text(found.credential_public_key),
        sign_count=found.sign_count,
        challenge_at=made_at,
    )
    scope.session.add(passkey)
    try:
        scope.session.flush()
    except IntegrityError:
        scope.session.rollback()
        raise Conflict("This passkey is registered already.", link=HERE) from None
    return gained(scope, row, own, "add a passkey of")


def remove_passkey(scope: Scope, user: User, passkey_id: str) -> None:
    """Raises NotFound."""
    row = locked(scope.session, user.id)
    passkey = scope.session.get(Passkey, passkey_id)
    if passkey is None or passkey.user_id != user.id:
        raise NotFound("There is no such passkey any more.")
    scope.session.delete(passkey)
    lost(scope, row, "remove a passkey of")


def sign_in_with_passkey(
    guesser: Guesser,
    sealer: Sealer,
    party: RelyingParty,
    credential: str,
    *,
    limits: Limits,
    browser: Browser,
) -> str:
    """A new session's token. Raises Invalid, TooMany after several wrong ones, Unavailable."""
    session = guesser.session
    with turns.turn():
        number = guesser.take(PASSKEY)
        try:
            user = _verified(session, sealer, party, credential, at=guesser.now())
        except Invalid:
            session.rollback()
            record_failure(guesser, number, "a passkey", "bad_passkey")
            raise
        guesser.scope(user.name, user.role).record("sign in", user, "with a passkey")
        session.commit()
        guesser.was_right(PASSKEY)
    return open_session(session, user, limits, browser)


def _verified(
    session: Session, sealer: Sealer, party: RelyingParty, credential: str, *, at: datetime
) -> User:
    """Whose passkey it is. The caller commits."""
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json

    challenge, made_at = _answered(sealer, SIGN_IN, credential, is_new=False)
    parsed = _tried(lambda: parse_authentication_credential_json(credential))
    passkey = session.exec(
        select(Passkey).where(Passkey.credential_id == _text(parsed.raw_id))
    ).first()
    user = session.get(User, passkey.user_id) if passkey else None
    if passkey is None or user is None or not user.has_password:
        raise _refused()
    found = _tried(
        lambda: verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    )
    used = (
        update(Passkey)
        .where(col(Passkey.id) == passkey.id, col(Passkey.challenge_at) < made_at)
        .values(sign_count=found.new_sign_count, challenge_at=made_at, last_used_at=at)
    )
    if not session.connection().execute(used).rowcount:
        raise _refused()
    return user


def _challenge(sealer: Sealer, purpose: str) -> bytes:
    return sealer.seal(datetime.now(UTC).isoformat(), bound_to=purpose).encode()


def _answered(
    sealer: Sealer, purpose: str, credential: str, *, is_new: bool
) -> tuple[bytes, datetime]:
    """The challenge that the browser has signed, and when we made it. Raises Invalid."""
    from webauthn.helpers import (
        parse_authentication_credential_json,
        parse_client_data_json,
        parse_registration_credential_json,
    )

    if len(credential) > CREDENTIAL_MAX_CHARS:
        raise _refused()

    def read() -> tuple[bytes, datetime]:
        if is_new:
            data = parse_registration_credential_json(credential).response.client_data_json
        else:
            data = parse_authentication_credential_json(credential).response.client_data_json
        challenge = parse_client_data_json(data).challenge
        return challenge, datetime.fromisoformat(sealer.open(challenge.decode(), bound_to=purpose))

    challenge, made_at = _tried(read)
    if made_at < datetime.now(UTC) - CHALLENGE_FOR:
        raise _refused("The page was open for too long.")
    return challenge, made_at


def _tried(read: Callable[[], Result]) -> Result:
    """Raises Invalid, whatever is wrong: the parsers of bytes from outside raise errors of many
    kinds."""
    try:
        return read()
    except Exception as error:
        raise _refused() from error


def _refused(why: str = "The passkey was not accepted.") -> Invalid:
    remedy = "Try again, or sign in with your password."
    return Invalid(f"{why} {remedy}", code="bad_passkey", field="credential")


def _checked_name(name: str) -> str:
    name = name.strip()
    try:
        check_line(name)
    except ValueError as error:
        raise Invalid(str(error), field="name") from None
    if not 1 <= len(name) <= LABEL_MAX:
        raise Invalid(f"A name has 1 to {LABEL_MAX} characters.", field="name")
    return name


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
