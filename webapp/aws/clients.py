"""One boto3 client for each service and region, made once and shared by all threads.

Clients are thread-safe, but making one with a session is not, so a lock guards that. All share one
session (see `sessions`): the second client of a service takes 6 ms instead of 120.
The endpoint (`AWS_ENDPOINT_URL`) and the credentials come from the usual AWS environment variables.
A client without credentials would stay without: none is made until there are some.

`assuming` gives the clients of another account: the same ones, signed with its credentials.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, cast

from webapp.aws.accounts import AccountRole, ByAccount, acting, client_for, credentials_of
from webapp.aws.errors import REFUSES_CREDENTIALS, aws_errors
from webapp.aws.pace import Pace
from webapp.telemetry import spans

if TYPE_CHECKING:
    import boto3
    from types_boto3_apigateway import APIGatewayClient
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_kms import KMSClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_service_quotas import ServiceQuotasClient

    from webapp.aws.sessions import Opened, Session, Sessions

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
INVOKE_READ_TIMEOUT_S = 60
"""A function may run for 28 s, after a start that has no limit of its own."""
CLOUDWATCH_READ_TIMEOUT_S = 10
"""Somebody waits for a page of metrics or of a log, and can reload it."""
READ_TIMEOUTS_S = {
    "lambda": INVOKE_READ_TIMEOUT_S,
    "cloudwatch": CLOUDWATCH_READ_TIMEOUT_S,
    "logs": CLOUDWATCH_READ_TIMEOUT_S,
}
MAX_ATTEMPTS = 3
CLOUDWATCH_MAX_ATTEMPTS = 2
POOL_CONNECTIONS = 20
PARALLEL_CALLS = 8
PARALLEL = "aws-"
"""How the name of a thread for calls in parallel begins; the id of the one that waits follows."""


class Clients:
    """`endpoint_url` overrides the environment; `pace` is kept where AWS throttles.

    With `keeps`, answers that seldom change serve for some seconds or minutes (`webapp.aws.kept`).
    `before_call` is done before each call, which may take a minute: it lets go of what others need.

    Tests pass a `session` that injects faults, and `attempts=1` where botocore must not wait.
    """

    def __init__(
        self,
        endpoint_url: str | None = None,
        session: "boto3.Session | None" = None,
        *,
        pace: Pace | None = None,
        before_call: Callable[[], None] = lambda: None,
        attempts: int = MAX_ATTEMPTS,
        keeps: bool = False,
        open_session: "Callable[[], Opened] | None" = None,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._pace, self._attempts = pace or Pace(), attempts
        self._before_call = before_call
        self.keeps = keeps
        self._given, self._open_session = session, open_session
        self._own: Clients | None = None
        self._made: Sessions | None = None
        self._session: Session | None = None
        self.number = ""
        """Of another account than the dashboard's own."""
        self._clients: dict[tuple[str, str, int], Any] = {}
        self._lock, self._asking = Lock(), Lock()
        self._account_id = ""

    def assuming(self, role: AccountRole) -> "Clients":
        """Of another account: nothing is asked before the first client is. Its calls have turns of
        their own, since AWS throttles each account by itself."""
        made = Clients(
            self._endpoint_url,
            pace=self._pace,
            before_call=self._before_call,
            attempts=self._attempts,
            keeps=self.keeps,
            open_session=lambda: self._open(role),
        )
        made.number, made._own = role.number, self
        return made

    @property
    def _sessions(self) -> "Sessions":
        """boto3 is imported when AWS is first asked, not while the dashboard starts."""
        from webapp.aws.sessions import Sessions

        with self._lock:
            self._made = self._made or Sessions(
                self._given, before_reading=self._before_call, open_session=self._open_session
            )
            return self._made

    def _open(self, role: AccountRole) -> "Opened":
        from webapp.aws.sessions import Opened

        return Opened(credentials_of(role, self.sts))

    def credentials(self) -> Any:
        """Of another account, as they are now. Raises CredentialsUnusable."""
        return self._sessions.current().get_frozen_credentials()

    def cloudformation(self, region: str) -> "CloudFormationClient":
        return cast("CloudFormationClient", self._client("cloudformation", region))

    def ec2(self, region: str) -> "EC2Client":
        return cast("EC2Client", self._client("ec2", region))

    def ec2_without_retries(self, region: str) -> "EC2Client":
        """For calls that have no client token: when only the answer was lost, a retry by botocore
        would do them twice."""
        return cast("EC2Client", self._client("ec2", region, attempts=1))

    def secretsmanager(self, region: str) -> "SecretsManagerClient":
        return cast("SecretsManagerClient", self._client("secretsmanager", region))

    def kms(self, region: str) -> "KMSClient":
        return cast("KMSClient", self._client("kms", region))

    def awslambda(self, region: str) -> "LambdaClient":
        return cast("LambdaClient", self._client("lambda", region))

    def awslambda_without_retries(self, region: str) -> "LambdaClient":
        """For running functions: whatever AWS answers, the function may have called the partner."""
        return cast("LambdaClient", self._client("lambda", region, attempts=1))

    def apigateway(self, region: str) -> "APIGatewayClient":
        return cast("APIGatewayClient", self._client("apigateway", region))

    def apigateway_without_retries(self, region: str) -> "APIGatewayClient":
        """For what has no client token, as with `ec2_without_retries`."""
        return cast("APIGatewayClient", self._client("apigateway", region, attempts=1))

    def logs(self, region: str) -> "CloudWatchLogsClient":
        attempts = min(self._attempts, CLOUDWATCH_MAX_ATTEMPTS)
        return cast("CloudWatchLogsClient", self._client("logs", region, attempts=attempts))

    def cloudwatch(self, region: str) -> "CloudWatchClient":
        attempts = min(self._attempts, CLOUDWATCH_MAX_ATTEMPTS)
        return cast("CloudWatchClient", self._client("cloudwatch", region, attempts=attempts))

    def s3(self, region: str) -> "S3Client":
        return cast("S3Client", self._client("s3", region))

    def service_quotas(self, region: str) -> "ServiceQuotasClient":
        return cast("ServiceQuotasClient", self._client("service-quotas", region))

    def iam(self, region: str) -> Any:
        """Only for administrators, who make Egret's policies with it."""
        return self._client("iam", region)

    def sts(self, region: str) -> Any:
        return self._client("sts", region)

    def account_id(self, region: str) -> str:
        """The account whose credentials these are. Needs no permission, and is asked once."""
        with self._asking:
            if not self._account_id:
                self._account_id = self.sts(region).get_caller_identity()["Account"]
            return self._account_id

    def threads(self) -> ThreadPoolExecutor:
        """For calls in parallel, while this thread waits: it lets go of what others need first."""
        self._before_call()
        name = f"{PARALLEL}{get_ident()}"
        of_span = spans.active.carrying() if spans.active else None
        return ThreadPoolExecutor(PARALLEL_CALLS, thread_name_prefix=name, initializer=of_span)

    def _client(self, service: str, region: str, *, attempts: int | None = None) -> Any:
        with aws_errors("reading the credentials", region):
            session = self._sessions.current()
        if self._own:
            own = self._own._client(service, region, attempts=attempts)
            return self._shared((service, region, attempts or self._attempts), own)
        with self._lock, aws_errors("reading the configuration", region):
            if session is not self._session:
                self._session, self._clients = session, {}
            key = (service, region, attempts or self._attempts)
            if key not in self._clients:
                self._clients[key] = self._make(session, *key)
            return self._clients[key]

    def _shared(self, key: tuple[str, str, int], own: Any) -> Any:
        """The own account's client, used for this one."""
        with self._lock:
            known, made = self._clients.get(key, (None, None))
            if known is not own:
                made = client_for(self, own)
                self._clients[key] = (own, made)
            return made

    def note_refusal(self) -> None:
        """botocore reads credentials in a file once; someone may have put new ones there."""
        self._sessions.note_refusal()

    def _observe(self, parsed: dict[str, Any], **_: object) -> None:
        if parsed.get("Error", {}).get("Code") in REFUSES_CREDENTIALS:
            (acting() or self).note_refusal()

    def _make(self, session: "Session", service: str, region: str, attempts: int) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUTS_S.get(service, READ_TIMEOUT_S),
            max_pool_connections=POOL_CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": attempts},
        )
        make: Any = session.client
        client = make(service, region_name=region, endpoint_url=self._endpoint_url, config=config)
        client.meta.events.register("before-call", lambda **_: self._before_call())
        client.meta.events.register("after-call", self._observe)
        client._request_signer._credentials = ByAccount(client._request_signer._credentials)
        self._pace.attach(client)
        return client
