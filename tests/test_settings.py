"""Settings: unsafe ones stop the start, and the README lists them all."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from webapp.settings import Settings

README = Path(__file__).parents[1] / "README.md"
IAM = "arn:aws:iam::111122223333"


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    text = README.read_text()
    for name, field in Settings.model_fields.items():
        row = next((line for line in text.splitlines() if f"`EGRET_{name.upper()}`" in line), "")
        assert field.description
        assert field.description in row, name
        if field.default not in ("", {}):
            assert f"`{field.default}`" in row, name


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"host": "0.0.0.0"}, "EGRET_PUBLIC_URL"),
        (
            {"host": "0.0.0.0", "public_url": "http://egret.example.com"},
            "set EGRET_PUBLIC",
        ),
        ({"host": "0.0.0.0", "public_url": "http://localhost:8000"}, "opens the dashboard"),
        ({"host": "", "public_url": ""}, "EGRET_PUBLIC_URL"),
        ({"public_url": "http://egret.internal"}, "opens the dashboard"),
        ({"public_url": "egret.example.com"}, "it must begin with https://"),
        ({"public_url": "https://"}, "EGRET_PUBLIC_URL to an address .* must have a host"),
        ({"public_url": "https://:8443"}, "must have a host"),
        ({"public_url": "https://0.0.0.0"}, "must have a host"),
        ({"public_url": "https://-x.example"}, "must have a host"),
        ({"public_url": "https://ada:pw@egret.example.com"}, "no user and no password"),
        ({"public_url": "https://egret.example.com/egret"}, "end after the host"),
        ({"public_url": "https://egret.example.com?x"}, "end after the host"),
        ({"public_url": "https://egret.example.com#"}, "end after the host"),
        ({"public_url": "https://egret.example.com:0"}, "1 to 65535"),
        ({"public_url": "https://egret.example.com:"}, "1 to 65535"),
        ({"public_url": "https://egret.example.com:99999"}, "65535"),
        ({"public_url": "https://[::"}, "Invalid IPv6"),
        ({"public_url": "https://egret\n.example.com"}, "no control character"),
        ({"trusted_proxies": "*"}, "EGRET_TRUSTED_PROXIES to the addresses"),
        ({"trusted_proxies": "0.0.0.0/0"}, "too large"),
        ({"trusted_proxies": "::/0"}, "too large"),
        ({"trusted_proxies": "10.0.0.1/8"}, "host bits"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"database_url": "postgresql://u:pw@host:port/name"}, "EGRET_DATABASE_URL to postgresql"),
        ({"database_url": "sqlite://"}, "the path of a file"),
        ({"database_url": "sqlite:///:memory:"}, "the path of a file"),
        ({"echo_url": "checkip"}, "EGRET_ECHO_URL"),
        ({"regions": " , "}, "EGRET_REGIONS"),
        ({"regions": "eu-central-1,eu-west-1b"}, "EGRET_REGIONS: eu-west-1b is a zone"),
        ({"regions": "eu-cental-1"}, "did you mean eu-central-1"),
        ({"regions": "eu-west-1 us-east-1"}, "separate regions with commas"),
        ({"regions": "eu-central-1,cn-north-1"}, "EGRET_REGIONS: .* different partitions"),
        ({"name_prefix": "Egret!"}, "pattern"),
        ({"port": 70000}, "65535"),
        ({"database_url": "mysql://host/name"}, "postgresql://"),
        ({"database_url": "egret.db"}, "sqlite:///"),
        ({"tags": "team"}, "EGRET_TAGS to key=value"),
        ({"service_role_arn": "egret"}, "EGRET_SERVICE_ROLE_ARN to a role"),
        ({"service_role_arn": f"{IAM}:policy/egret"}, "EGRET_SERVICE_ROLE_ARN to a role"),
        ({"permissions_boundary_arn": "egret"}, "EGRET_PERMISSIONS_BOUNDARY_ARN to a policy"),
        ({"permissions_boundary_arn": f"{IAM}:policy/a b"}, "BOUNDARY_ARN to a policy"),
        ({"execute_api_url": "https://{api}/{stag}/"}, "EGRET_EXECUTE_API_URL to a URL"),
        ({"execute_api_url": "https://{api}.example/"}, "EGRET_EXECUTE_API_URL to a URL"),
        ({"execute_api_url": "https://{api/{stage}/"}, "EGRET_EXECUTE_API_URL to a URL"),
        ({"execute_api_url": "https://{api}{api.__class__}/{stage}"}, "EXECUTE_API_URL to a URL"),
        ({"execute_api_url": "{api}/{stage}/"}, "EGRET_EXECUTE_API_URL to a URL"),
        ({"tags": "aws:team=x"}, "EGRET_TAGS. The tag aws:team is reserved"),
    ],
)
def test_an_unsafe_setting_stops_the_start_and_says_what_to_set(
    values: dict[str, object], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        Settings.model_validate(values)


@pytest.mark.parametrize(
    "values",
    [
        {"host": "127.0.0.2"},
        {"public_url": "http://localhost:8000/"},
        {"host": "::", "public_url": "https://egret.example.com:8443/"},
        {"host": "0.0.0.0", "public_url": "https://[2001:db8::1]"},
        {"trusted_proxies": "127.0.0.1, 10.0.0.0/8,2001:db8::/32"},
        {"service_role_arn": f"{IAM}:role/service/egret"},
        {"permissions_boundary_arn": "arn:aws-cn:iam::aws:policy/PowerUserAccess"},
        {"execute_api_url": "http://localhost:4566/_aws/execute-api/{api}/{stage}/"},
    ],
)
def test_a_safe_setting_is_accepted(values: dict[str, object]) -> None:
    assert not Settings.model_validate(values).public_url.endswith("/")


OIDC = {
    "oidc_issuer": "https://login.example.com/realms/main",
    "oidc_client_id": "egret",
    "oidc_client_secret": "of-a-test",
    "public_url": "https://egret.example.com",
}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"oidc_issuer": "http://login.example.com"}, "EGRET_OIDC_ISSUER .* begin with https"),
        ({"oidc_issuer": "login.example.com"}, "EGRET_OIDC_ISSUER .* begin with https"),
        ({"oidc_issuer": "https://"}, "EGRET_OIDC_ISSUER .* must have a host"),
        ({"oidc_issuer": "https://a:b@login.example.com"}, "no user and no password"),
        ({"oidc_issuer": "https://login.example.com/?a=b"}, "no query"),
        ({"oidc_issuer": "https://login.example.com/é"}, "no other characters"),
        ({"oidc_issuer": "https://[::"}, "EGRET_OIDC_ISSUER .* Invalid IPv6"),
        ({"oidc_client_id": ""}, "set EGRET_OIDC_CLIENT_ID"),
        ({"oidc_client_secret": ""}, "one of EGRET_OIDC_CLIENT_SECRET and"),
        ({"oidc_client_secret_file": "a"}, "one of EGRET_OIDC_CLIENT_SECRET and"),
        ({"oidc_client_secret": "sécret"}, "EGRET_OIDC_CLIENT_SECRET to the secret"),
        ({"public_url": ""}, "set EGRET_PUBLIC_URL to the address that people type"),
        ({"oidc_roles": "groups"}, "set EGRET_OIDC_ROLES"),
        ({"oidc_scopes": "profile"}, "EGRET_OIDC_SCOPES to scopes with openid"),
        ({"oidc_label": ""}, "at least 1 character"),
        ({"oidc_issuer": "", "password_sign_in": "off"}, "=off needs EGRET_OIDC_ISSUER"),
    ],
)
def test_half_a_provider_stops_the_start(changed: dict[str, str], word: str) -> None:
    assert Settings.model_validate(OIDC)
    with pytest.raises(ValidationError, match=word) as caught:
        Settings.model_validate(OIDC | changed)
    assert "of-a-test" not in str(caught.value.errors()[0]["msg"])


@pytest.mark.parametrize("issuer", ["http://localhost:9000", "http://127.0.0.1:9000/realms/x/"])
def test_a_provider_on_this_machine_needs_no_tls(issuer: str) -> None:
    assert Settings.model_validate(OIDC | {"oidc_issuer": issuer}).oidc_issuer == issuer


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "one line"), (b"a\nb", "one line"), (b"\xff", "one line"), (b"x" * 5000, "one line")],
)
def test_a_file_without_a_secret_stops_the_start(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "secret"
    by_file = {"oidc_client_secret": "", "oidc_client_secret_file": str(file)}
    with pytest.raises(ValidationError, match=r"EGRET_OIDC_CLIENT_SECRET_FILE .* No such file"):
        Settings.model_validate(OIDC | by_file)
    file.write_bytes(b" of-a-file\n")
    assert Settings.model_validate(OIDC | by_file).oidc_secret == "of-a-file"
    file.write_bytes(content)
    with pytest.raises(ValidationError, match=f"EGRET_OIDC_CLIENT_SECRET_FILE .* {word}"):
        Settings.model_validate(OIDC | by_file)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"host": "::1"}, "http://[::1]:8000"),
        ({"host": "127.0.0.1", "port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "::", "public_url": "https://egret.example.com/"}, "https://egret.example.com"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(values: dict[str, object], url: str) -> None:
    assert Settings.model_validate(values).url == url


def test_a_partners_origin_is_replaced_where_the_settings_say_so() -> None:
    settings = Settings(endpoints={"https://a.example": "http://127.0.0.1:1"})
    assert settings.origin("https://a.example") == "http://127.0.0.1:1"
    assert settings.origin("https://b.example") == "https://b.example"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_with_the_driver_that_is_installed(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://egret@db/egret")
    assert settings.database == "postgresql+psycopg://egret@db/egret"


@pytest.mark.parametrize("text", ["team=pay,env=x", '{"team": "pay", "env": "x"}'])
def test_tags_come_from_the_environment_in_two_forms(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("EGRET_TAGS", text)
    assert Settings().tags == {"team": "pay", "env": "x"}


@pytest.mark.parametrize(
    ("public", "used"),
    [
        ("http://a.example", "http://127.0.0.1:1"),
        ("https://a.example/path", "http://127.0.0.1:1"),
        ("https://u:p@a.example", "http://127.0.0.1:1"),
        ("https://", "http://127.0.0.1:1"),
        ("https://a.example", "ftp://127.0.0.1:1"),
        ("https://a.example", "http://:1"),
        ("https://a.example", "http://127.0.0.1:x"),
        ("https://a.example", "http://127.0.0.1:0"),
    ],
)
def test_an_exception_for_outbound_calls_is_one_origin_and_one_address(
    public: str, used: str
) -> None:
    with pytest.raises(ValidationError, match="set EGRET_ENDPOINTS to"):
        Settings(endpoints={public: used})
