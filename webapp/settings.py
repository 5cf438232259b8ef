"""Settings come from environment variables with the prefix `EGRET_`; the README has the table.

With an unsafe or useless value Egret does not start; the error says what to set.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from webapp.aws import regions
from webapp.aws.policy import PREFIX
from webapp.models.role import Role
from webapp.models.tags import parse_tags, problem_with_tags
from webapp.oidc.roles import checked_rules
from webapp.origins import problem_with_url
from webapp.setting_rules import (
    Network,
    checked_boundary_arn,
    checked_database_url,
    checked_endpoint_url,
    checked_endpoints,
    checked_issuer,
    checked_proxies,
    checked_role_arn,
    is_loopback,
    networks_of,
    read_secret,
)

SECRET_KEY_MIN_CHARS = 32
OFF = "off"


class Settings(BaseSettings):
    """What an operator can choose. Each field is one row of the README's table."""

    model_config = SettingsConfigDict(env_prefix="EGRET_", frozen=True)

    cloud: Literal["sandbox", "aws"] = Field("sandbox", description="Which AWS: embedded or real")
    host: str = Field("127.0.0.1", description="Address that the dashboard listens on")
    port: int = Field(8000, ge=1, le=65535, description="Port that the dashboard listens on")
    data_dir: Path = Field(Path(".egret"), description="Folder for the database, pictures, sandbox")
    database_url: Annotated[str, AfterValidator(checked_database_url)] = Field(
        "",
        description="postgresql://user:password@host/name; empty means SQLite in the data folder",
    )
    public_url: str = Field("", description="Public URL when behind a proxy")
    trusted_proxies: Annotated[str, AfterValidator(checked_proxies)] = Field(
        "", description="Proxies whose X-Forwarded headers count: addresses or networks, by commas"
    )
    regions: str = Field(
        "eu-central-1,eu-west-1,us-east-1,ap-southeast-1",
        description="Regions offered; keys are kept in the first",
    )
    name_prefix: str = Field(
        "egret",
        pattern=f"^{PREFIX}$",
        description="Prefix for all AWS resource names",
    )
    service_role_arn: Annotated[str, AfterValidator(checked_role_arn)] = Field(
        "", description="Role that CloudFormation acts with; empty means as the dashboard"
    )
    permissions_boundary_arn: Annotated[str, AfterValidator(checked_boundary_arn)] = Field(
        "", description="Permissions boundary of every role created"
    )
    tags: Annotated[dict[str, str], NoDecode] = Field(
        {}, description="Tags of everything made in AWS: key=value,key=value, or JSON"
    )
    endpoints: Annotated[dict[str, str], AfterValidator(checked_endpoints)] = Field(
        {}, description="JSON: a partner's public origin → the origin to use"
    )
    echo_url: str = Field(
        "https://checkip.amazonaws.com,https://api.ipify.org",
        description="Services that answer the caller's address; tried in turn",
    )
    execute_api_url: Annotated[str, AfterValidator(checked_endpoint_url)] = Field(
        "https://{api}.execute-api.{region}.{suffix}/{stage}/",
        description="Where API Gateway serves a function's endpoint",
    )
    templates_dir: str = Field(
        "", description="Folder with templates of your own, each in a folder of its name"
    )
    secret_key: str = Field(
        "",
        repr=False,
        description="Encrypts the secrets of authenticator apps; empty means a key in the data "
        "folder, which is for SQLite alone",
    )
    second_factor_from: Literal["none", "admin", "operator", "viewer"] = Field(
        "none", description="The lowest role that needs a second factor; none: nobody has to"
    )
    oidc_issuer: Annotated[str, AfterValidator(checked_issuer)] = Field(
        "", description="OpenID Connect provider that signs people in; empty means none"
    )
    oidc_client_id: str = Field("", description="What the provider knows Egret by")
    oidc_client_secret: str = Field(
        "", repr=False, description="What Egret proves to the provider that it is Egret with"
    )
    oidc_client_secret_file: str = Field(
        "", description="File with that secret, instead; it is read at each sign-in"
    )
    oidc_scopes: str = Field(
        "openid profile email", description="What the provider is asked for, separated by blanks"
    )
    oidc_roles: Annotated[str, AfterValidator(checked_rules)] = Field(
        "", description="Who may do what: claim:value=role,value=role; empty means nobody"
    )
    oidc_label: str = Field(
        "single sign-on", min_length=1, max_length=40, description="What pages call the provider"
    )
    password_sign_in: Literal["on", "off"] = Field(
        "on", description="off: nobody signs in but by the provider"
    )
    session_idle_minutes: int = Field(
        120, ge=5, le=24 * 60, description="Minutes until a session ends that nobody uses"
    )
    session_hours: int = Field(
        24, ge=1, le=14 * 24, description="Hours until a session ends in any case"
    )
    poll_s: float = Field(
        2.0, ge=0.1, le=60, description="Seconds between two polls of a changing stack"
    )
    lease_s: float = Field(
        60.0, ge=2, le=600, description="Seconds until another process takes over from a killed one"
    )
    sandbox_pace_s: float = Field(0.6, ge=0, le=30, description="Sandbox: seconds per resource")
    sandbox_address_quota: int = Field(
        5, ge=1, le=100, description="Sandbox: Elastic IP addresses per region"
    )
    sandbox_partners: dict[str, str] = Field(
        {}, description="Sandbox: JSON: a host → host:port of its TLS server, for tests"
    )
    sandbox_ca_file: str = Field(
        "", description="Sandbox: certificates that functions trust, for those hosts"
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of /metrics here; 0 is none")
    log_format: Literal["text", "json"] = Field("text", description="How log lines are written")

    @field_validator("secret_key")
    @classmethod
    def _check_secret_key(cls, key: str) -> str:
        if key and len(key) < SECRET_KEY_MIN_CHARS:
            raise ValueError(
                f"set EGRET_SECRET_KEY to at least {SECRET_KEY_MIN_CHARS} random characters, such "
                "as `openssl rand -base64 32` prints"
            )
        return key

    @field_validator("echo_url")
    @classmethod
    def _check_echo_url(cls, urls: str) -> str:
        if not all(urlsplit(url.strip()).hostname for url in urls.split(",")):
            raise ValueError("set EGRET_ECHO_URL to addresses such as https://api.ipify.org")
        return urls

    @field_validator("tags", mode="before")
    @classmethod
    def _parse_tags(cls, tags: object) -> object:
        if not isinstance(tags, str):
            return tags
        try:
            return parse_tags(tags)
        except ValueError as error:
            raise ValueError(f"set EGRET_TAGS to key=value,key=value: {error}") from None

    @field_validator("tags")
    @classmethod
    def _check_tags(cls, tags: dict[str, str]) -> dict[str, str]:
        if problem := problem_with_tags(tags):
            raise ValueError(f"change EGRET_TAGS. {problem}")
        return tags

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        if url and (problem := problem_with_url(url)):
            raise ValueError(
                f"set EGRET_PUBLIC_URL to an address such as https://egret.example.com: {problem}"
            )
        return url.rstrip("/")

    @model_validator(mode="after")
    def _check_exposure_and_regions(self) -> Self:
        public = urlsplit(self.public_url)
        is_exposed = not is_loopback(self.host) or not is_loopback(public.hostname or self.host)
        if is_exposed and public.scheme != "https":
            cause = f"EGRET_PUBLIC_URL={self.public_url}" if public.scheme else ""
            raise ValueError(
                f"{cause or f'EGRET_HOST={self.host}'} opens the dashboard to the network: set "
                "EGRET_PUBLIC_URL to the https address that people will type"
            )
        if not self.region_names:
            raise ValueError("set EGRET_REGIONS to at least one AWS region")
        problems = [problem for name in self.region_names if (problem := regions.problem(name))]
        if problems:
            raise ValueError(f"EGRET_REGIONS: {'; '.join(problems)}")
        if problem := regions.partitions_problem(self.region_names):
            raise ValueError(f"EGRET_REGIONS: {problem}")
        return self

    @model_validator(mode="after")
    def _check_second_factor_is_possible(self) -> Self:
        if self.second_factor_from != "none" and self.lacks_key:
            raise ValueError(
                f"EGRET_SECOND_FACTOR_FROM={self.second_factor_from} needs EGRET_SECRET_KEY where "
                "the database is PostgreSQL: set it to at least "
                f"{SECRET_KEY_MIN_CHARS} random characters, the same on every replica"
            )
        return self

    @model_validator(mode="after")
    def _check_provider(self) -> Self:
        if not self.oidc_issuer:
            if self.only_provider:
                raise ValueError("EGRET_PASSWORD_SIGN_IN=off needs EGRET_OIDC_ISSUER: set it, too")
            return self
        if "openid" not in self.oidc_scopes.split():
            raise ValueError("set EGRET_OIDC_SCOPES to scopes with openid among them")
        if not self.oidc_client_id:
            raise ValueError("EGRET_OIDC_ISSUER is set: set EGRET_OIDC_CLIENT_ID, too")
        if bool(self.oidc_client_secret) == bool(self.oidc_client_secret_file):
            raise ValueError(
                "EGRET_OIDC_ISSUER is set: set one of EGRET_OIDC_CLIENT_SECRET and "
                "EGRET_OIDC_CLIENT_SECRET_FILE"
            )
        if not self.public_url:
            raise ValueError(
                "EGRET_OIDC_ISSUER is set: set EGRET_PUBLIC_URL to the address that people type, "
                "which the provider sends them back to"
            )
        if not self.oidc_secret.isascii() or not self.oidc_secret.isprintable():
            raise ValueError("set EGRET_OIDC_CLIENT_SECRET to the secret as the provider shows it")
        return self

    @property
    def oidc_secret(self) -> str:
        """Raises ValueError where its file cannot be read."""
        file = self.oidc_client_secret_file
        return read_secret(file) if file else self.oidc_client_secret

    @property
    def only_provider(self) -> bool:
        """Whether nobody signs in with a password or a passkey."""
        return self.password_sign_in == OFF

    def needs_factor(self, role: Role) -> bool:
        """Whether a person with that role can do nothing before they have a second factor."""
        return self.second_factor_from != "none" and role.includes(Role(self.second_factor_from))

    @property
    def lacks_key(self) -> bool:
        """Whether nothing can be sealed: there is no key, and no folder of all replicas for one."""
        return not self.secret_key and not self.database.startswith("sqlite")

    @property
    def url(self) -> str:
        """Where people reach the dashboard."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def host_name(self) -> str:
        """The name in that address."""
        return urlsplit(self.public_url).hostname or self.host

    @property
    def https(self) -> bool:
        """Whether people reach the dashboard by HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def region_names(self) -> list[str]:
        named = (name.strip() for name in self.regions.split(","))
        return list(dict.fromkeys(name for name in named if name))

    @property
    def proxy_networks(self) -> list[Network]:
        return networks_of(self.trusted_proxies)

    @property
    def home_region(self) -> str:
        """The region of all keys and their KMS key, whichever region a function runs in."""
        return self.region_names[0]

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'egret.db').resolve()}"

    @property
    def echo_origins(self) -> str:
        """The origins at which functions reach the echo services, separated by commas."""
        return ",".join(self.origin(url.strip()) for url in self.echo_url.split(","))

    def origin(self, public_origin: str) -> str:
        """The origin to use for a partner's public one; the sandbox replaces it."""
        return self.endpoints.get(public_origin, public_origin)
