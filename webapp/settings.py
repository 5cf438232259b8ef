"""Settings come from environment variables with the prefix `EGRET_`; the README has the table.

With an unsafe or useless value Egret does not start; the error says what to set.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from webapp.aws import regions
from webapp.aws.policy import PREFIX
from webapp.errors import Invalid
from webapp.models.tags import parse_tags, problem_with_tags

POSTGRESQL = "postgresql+psycopg"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class Settings(BaseSettings):
    """What an operator can choose. Each field is one row of the README's table."""

    model_config = SettingsConfigDict(env_prefix="EGRET_", frozen=True)

    cloud: Literal["sandbox", "aws"] = Field("sandbox", description="Which AWS: embedded or real")
    host: str = Field("127.0.0.1", description="Address that the dashboard listens on")
    port: int = Field(8000, ge=0, le=65535, description="Port that the dashboard listens on")
    data_dir: Path = Field(Path(".egret"), description="Folder for the database, pictures, sandbox")
    database_url: str = Field(
        "",
        description="postgresql://user:password@host/name; empty means SQLite in the data folder",
    )
    public_url: str = Field("", description="Public URL when behind a proxy")
    regions: str = Field(
        "eu-central-1,eu-west-1,us-east-1,ap-southeast-1",
        description="Regions offered; keys are kept in the first",
    )
    name_prefix: str = Field(
        "egret",
        pattern=f"^{PREFIX}$",
        description="Prefix for all AWS resource names",
    )
    service_role_arn: str = Field(
        "",
        description="Role that CloudFormation acts with; empty means as the dashboard",
    )
    permissions_boundary_arn: str = Field(
        "", description="Permissions boundary of every role created"
    )
    tags: Annotated[dict[str, str], NoDecode] = Field(
        {}, description="Tags of everything made in AWS: key=value,key=value, or JSON"
    )
    endpoints: dict[str, str] = Field(
        {}, description="JSON: a partner's public origin → the origin to use"
    )
    echo_url: str = Field(
        "https://checkip.amazonaws.com,https://api.ipify.org",
        description="Services that answer the caller's address; tried in turn",
    )
    execute_api_url: str = Field(
        "https://{api}.execute-api.{region}.{suffix}/{stage}/",
        description="Where API Gateway serves a function's endpoint",
    )
    templates_dir: str = Field(
        "", description="Folder with templates of your own, each in a folder of its name"
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
    log_format: Literal["text", "json"] = Field("text", description="How log lines are written")

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: str) -> str:
        """The URL with the installed driver; many hosts still write the scheme `postgres`."""
        scheme, separator, rest = url.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"{POSTGRESQL}://{rest}"
        if url and (scheme not in ("sqlite", POSTGRESQL) or not separator):
            raise ValueError("set EGRET_DATABASE_URL to postgresql://… or sqlite:///…")
        return url

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
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("set EGRET_PUBLIC_URL to an address such as https://egret.example.com")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _check_exposure_and_regions(self) -> Self:
        if self.host not in LOOPBACK_HOSTS and not self.public_url:
            raise ValueError(
                f"EGRET_HOST={self.host} opens the dashboard to the network: set "
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

    @property
    def region_names(self) -> list[str]:
        named = (name.strip() for name in self.regions.split(","))
        return list(dict.fromkeys(name for name in named if name))

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


def read() -> Settings:
    """The settings of the environment. Raises Invalid with all that is wrong with them."""
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])} {e['msg']}" for e in error.errors()
        )
        raise Invalid(f"invalid setting: {problems}") from None
