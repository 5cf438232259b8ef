"""Where the running sandbox is, and what lets one in.

Browsers send the cookies of a host to all of its ports. So what people open in one, the portal and
the functions' endpoints, has another name of this machine than the dashboard, whose cookie it would
get otherwise. Programs use 127.0.0.1. Cookies by path would not do: the dashboard's is for all
paths, as its prefix `__Host-` wants; and names such as portal.localhost or 127.0.0.2 do not lead
here in every browser and system.
"""

from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from webapp.sandbox.doors import USER, portal_pass
from webapp.sandbox.partner.hosts import ECHO_PATH, ENTRY, PORTAL_PATH
from webapp.sandbox.users import Users

ACCOUNT, SECOND_ACCOUNT = "210987654321", "310987654321"
REGION = "eu-central-1"
HERE = "127.0.0.1"
NAMES = ("localhost", HERE)
"""Of this machine, in every browser."""


@dataclass(frozen=True)
class Info:
    """Where the running sandbox is, and what lets one in: what `egret sandbox info` prints.

    The credentials are the administrator's; those of the second account are its administrator's.
    `partner_url` and `echo_url` contain the secret,
    `portal_url` a pass for the portal alone.
    """

    aws_endpoint: str
    account: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    partner_url: str = field(repr=False)
    portal_url: str = field(repr=False)
    echo_url: str = field(repr=False)
    second_account: str
    second_access_key_id: str
    second_secret_access_key: str = field(repr=False)

    @property
    def execute_api_url(self) -> str:
        """Of a function's endpoint: it gets the headers of whoever opens it in a browser."""
        name, port = urlsplit(self.portal_url).hostname, urlsplit(self.aws_endpoint).port
        return f"http://{name}:{port}/_aws/execute-api/{{api}}/{{stage}}/"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def info_of(ports: dict[str, int], users: Users, dashboard: str = HERE) -> Info:
    """`dashboard` is the host in the dashboard's address."""
    credentials, second = users.administrator, users.second_administrator
    partner = f"http://{USER}:{credentials.secret}@{HERE}:{ports['partner']}"
    portal = f"http://{_another_name(dashboard)}:{ports['partner']}{PORTAL_PATH}"
    return Info(
        aws_endpoint=f"http://{HERE}:{ports['embedded_aws']}",
        account=ACCOUNT,
        region=REGION,
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret,
        partner_url=partner,
        portal_url=f"{portal}?{ENTRY}={portal_pass(credentials.secret)}",
        echo_url=f"{partner}{ECHO_PATH}",
        second_account=users.second,
        second_access_key_id=second.access_key_id,
        second_secret_access_key=second.secret,
    )


def _another_name(dashboard: str) -> str:
    return next(name for name in NAMES if name != dashboard)
