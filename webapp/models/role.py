"""What a person or a program may do. Each route declares the role that it needs (see `deps`)."""

from enum import StrEnum


class Role(StrEnum):
    """Each one may do what those before it may.

    A viewer sees. An operator also creates, deploys, fetches, parks and changes. An admin also
    deletes, releases, publishes, and manages keys, people and tokens.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether who has this role may do what the other one may."""
        return RANKS[self] >= RANKS[other]


RANKS = {role: rank for rank, role in enumerate(Role)}
