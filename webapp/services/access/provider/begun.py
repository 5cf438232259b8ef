"""Sign-ins that are at the provider: a row each, so that any replica can finish what one began.

Anybody may begin one, so only the newest BEGUN_MAX are kept; each for BEGUN_FOR.
"""

from sqlmodel import Session, col, delete, select

from webapp.errors import Refused
from webapp.models import BegunSignIn, utc_now
from webapp.models.texts import URL_MAX
from webapp.services.access.sessions import BEGUN_FOR
from webapp.services.access.tokens import digest, new_token

BEGUN_MAX = 5000


def keep(session: Session, *, next_path: str, session_id: str | None = None) -> str:
    """The token for the browser. Commits."""
    token = new_token()
    next_path = next_path if len(next_path) <= URL_MAX else "/"
    row = BegunSignIn(token_hash=digest(token), next_path=next_path, session_id=session_id)
    session.add(row)
    session.flush()
    at = col(BegunSignIn.created_at)
    newest = select(BegunSignIn.token_hash).order_by(at.desc()).limit(BEGUN_MAX)
    forgotten = (at < utc_now() - BEGUN_FOR) | col(BegunSignIn.token_hash).not_in(newest)
    session.connection().execute(delete(BegunSignIn).where(forgotten))
    session.commit()
    return token


def take(session: Session, token: str) -> BegunSignIn:
    """It is used up, and this commits. Raises Refused for one that is over, or was taken before."""
    row = session.get(BegunSignIn, digest(token)) if token else None
    mine = delete(BegunSignIn).where(col(BegunSignIn.token_hash) == digest(token))
    is_new = row is not None and row.created_at > utc_now() - BEGUN_FOR
    if row is not None:
        session.expunge(row)
    taken = session.connection().execute(mine).rowcount
    session.commit()
    if row is None or not is_new or not taken:
        raise Refused(
            "This sign-in was begun in another browser, too long ago, or is over already.",
            code="sign_in_over",
            remedy="Begin again here.",
        )
    return row
