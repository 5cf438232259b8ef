"""Who may use the embedded AWS: an administrator for people, the dashboard, and the NAT.

The administrator's credentials are those of the sandbox's folder. The others' follow from them, so
that they stay the same over restarts too; nobody learns the administrator's from them.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from webapp.aws.policy import Document, Place, all_of
from webapp.sandbox.doors import ADMINISTRATOR, DASHBOARD, NAT
from webapp.sandbox.folder import KEY_ID_RANDOM_LETTERS, SECRET_BYTES, Credentials

EVERYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
WHAT_THE_NAT_LOOKS_AT: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ec2:Describe*", "lambda:GetFunctionConfiguration"],
            "Resource": "*",
        }
    ],
}


@dataclass(frozen=True)
class User:
    """An IAM user with an access key and managed policies, by their names."""

    name: str
    credentials: Credentials
    policies: dict[str, Document]


@dataclass(frozen=True)
class Users:
    """`place` says for which account and prefix the dashboard's policies are.

    `second` is the number of another account, where there is only its administrator, and the NAT.
    """

    administrator: Credentials
    place: Place
    second: str

    @property
    def dashboard(self) -> Credentials:
        return derived(self.administrator, DASHBOARD)

    @property
    def nat(self) -> Credentials:
        return derived(self.administrator, NAT)

    @property
    def second_administrator(self) -> Credentials:
        return derived(self.administrator, f"{ADMINISTRATOR} of {self.second}")

    @property
    def second_nat(self) -> Credentials:
        return derived(self.administrator, f"{NAT} of {self.second}")

    def all(self) -> list[User]:
        """With the dashboard's policies as `egret policy` prints them."""
        printed, prefix = all_of(self.place), self.place.prefix
        own = {f"{prefix}-{name}": printed[name] for name in ("dashboard", "cloudformation")}
        return [
            User(ADMINISTRATOR, self.administrator, {ADMINISTRATOR: EVERYTHING}),
            User(DASHBOARD, self.dashboard, own),
            User(NAT, self.nat, {NAT: WHAT_THE_NAT_LOOKS_AT}),
        ]

    def as_json(self) -> str:
        """What the embedded AWS is told to make: the users, and policies that nobody has."""
        boundary = {self.place.boundary_arn.rpartition("/")[2]: all_of(self.place)["boundary"]}
        second = [
            User(ADMINISTRATOR, self.second_administrator, {ADMINISTRATOR: EVERYTHING}),
            User(NAT, self.second_nat, {NAT: WHAT_THE_NAT_LOOKS_AT}),
        ]
        accounts = {self.second: _told(second, {})}
        return json.dumps(_told(self.all(), boundary) | {"accounts": accounts})


def _told(users: list[User], policies: dict[str, Document]) -> dict[str, object]:
    """Of one account."""
    given = [
        {
            "name": user.name,
            "access_key_id": user.credentials.access_key_id,
            "secret": user.credentials.secret,
            "policies": user.policies,
        }
        for user in users
    ]
    return {"users": given, "policies": policies}


def derived(credentials: Credentials, name: str) -> Credentials:
    """Other credentials for a name, which only who has the given ones can find out."""
    letters = base64.b32encode(_digest(credentials.secret, f"access key id of {name}")).decode()
    secret = _digest(credentials.secret, f"secret of {name}")
    return Credentials(f"AKIA{letters[:KEY_ID_RANDOM_LETTERS]}", secret[:SECRET_BYTES].hex())


def _digest(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)
