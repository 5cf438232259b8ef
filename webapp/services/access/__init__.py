"""Who may sign in, and how guessing is made slow."""

from webapp.services.access.guesses import Guesser
from webapp.services.access.people import (
    SESSION_DAYS,
    bearer,
    create_api_token,
    create_first_user,
    create_user,
    needs_setup,
    new_setup_token,
    open_session,
    sign_in,
    sign_out,
    user_of_session,
)

__all__ = [
    "SESSION_DAYS",
    "Guesser",
    "bearer",
    "create_api_token",
    "create_first_user",
    "create_user",
    "needs_setup",
    "new_setup_token",
    "open_session",
    "sign_in",
    "sign_out",
    "user_of_session",
]
