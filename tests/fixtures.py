"""Fixtures of all tests. The slow ones, a sandbox and a dashboard on it, start once per worker.

And what a process that runs tests does: which of them, and in which order.
"""

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import hypothesis
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests import compiled, fast, portal, postgresql, twice
from tests.clouds import boto_session, connected
from tests.conftest import BROWSER_TESTS
from tests.dashboard import Dashboard
from tests.databases import SECRET_KEY, USUAL, engine_of, prepare
from tests.locks import watched
from tests.oidc.server import LocalProvider
from tests.oidc.server import running as provider_running
from tests.postgresql import PostgreSql
from tests.sandbox.credentials import credentials_of
from tests.tls_partner import TlsPartner
from tests.tls_partner import running as tls_partner_in
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.db import give_back
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.scope import CloudScope
from webapp.settings import Settings

ADDRESS_QUOTA = 40
NETWORK_QUOTA = 20
PACE_S = 0.05
POLL_S = 0.1
"""Of stacks in the embedded AWS."""
FOLDER_NAME_MAX = 22
LONGEST = (
    BROWSER_TESTS,
    "tests/faults/",
    "tests/routes/test_recovery.py",
    "tests/sandbox/test_nat_egress_paths.py",
    "tests/services/functions/test_lifecycle.py",
    "tests/services/networks/test_lifecycle_on_aws.py",
    "tests/aws/cloudformation/test_deployed_templates.py",
    "tests/aws/policy/test_proof.py",
    "tests/sandbox/test_launcher.py",
    "tests/services/networks/test_schedule.py",
    "tests/test_",
)
"""They begin first, so that in the end no worker waits for another one."""

# The tests never use a real account, whatever the environment of the person who runs them.
os.environ |= {
    "AWS_ACCESS_KEY_ID": "of-no-account",
    "AWS_SECRET_ACCESS_KEY": "of-no-account",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# Nor do they call a server on the internet. Each call by httpx would read the certificates of all
# its authorities, which takes 20 times as long as the call; in this folder there are none.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)

# Nothing fails for its time: machines may be slow.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
hypothesis.settings.register_profile("fast", max_examples=20)

# What is imported stays: to search it again and again takes a tenth of the time. So does to search
# what one test has made many times.
gc.disable()
OBJECTS_BETWEEN_SEARCHES, SEARCHES_OF_ALL = 50_000, 100
"""All that is left is searched a tenth as often as by default."""


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("fast"):
        hypothesis.settings.load_profile("fast")
    config.pluginmanager.register(twice.Guard())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    if config.getoption("fast"):
        items[:], left_out = fast.split(items)
        config.hook.pytest_deselected(items=left_out)
    if config.getoption("database") == "postgresql":
        items[:], left_out = twice.split(items)
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES, 10, SEARCHES_OF_ALL)
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    mark = item.get_closest_marker("sqlite_alone")
    if mark and item.config.getoption("database") != "sqlite":
        pytest.skip(mark.args[0])


def pytest_sessionfinish() -> None:
    """pytest searches five times at the end, for what could not be ended in order."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    postgresql.stop()


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """pytest's own fixture searches the folders of all earlier tests for the next number."""
    name = re.sub(r"\W", "_", request.node.name)[:FOLDER_NAME_MAX]
    return Path(mkdtemp(prefix=f"{name}-", dir=tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """In a folder that all workers of the run share."""
    own = tmp_path_factory.getbasetemp()
    compiled.keep_in((own if worker_id == "master" else own.parent) / "templates")


@pytest.fixture(scope="session")
def tls_partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsPartner]:
    """A second partner, outside the sandbox: its functions reach it over TLS."""
    with tls_partner_in(tmp_path_factory.mktemp("partner")) as running:
        yield running


@pytest.fixture(scope="session")
def provider() -> Iterator[LocalProvider]:
    """That signs people in by OpenID Connect."""
    with provider_running() as running:
        yield running


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, tls_partner: TlsPartner) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with (
        Sandbox.start(
            folder,
            pace_s=PACE_S,
            address_quota=ADDRESS_QUOTA,
            network_quota=NETWORK_QUOTA,
            tls_partners=tls_partner.of_sandbox,
        ) as running,
        credentials_of(running),
    ):
        yield running


@pytest.fixture(scope="module", autouse=True)
def keys_of_the_module() -> Iterator[None]:
    """Are revoked after it; those of what the whole session shares are not."""
    with portal.revoked_afterwards():
        yield


@pytest.fixture(scope="session")
def clients(sandbox: Sandbox) -> Clients:
    return Clients(sandbox.info.aws_endpoint)


@pytest.fixture(scope="session")
def cloud(sandbox: Sandbox) -> Cloud:
    boto = watched(boto_session())
    clients = Clients(sandbox.info.aws_endpoint, boto, before_call=give_back)
    return connected(clients, poll_s=POLL_S)


@pytest.fixture(scope="session")
def nowhere() -> Cloud:
    """An AWS that does not answer. Calls are not retried."""
    return connected(Clients("http://127.0.0.1:9", attempts=1))


@pytest.fixture(scope="session")
def dashboard(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with Dashboard(sandbox, tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture(scope="session", name="postgresql")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> PostgreSql:
    return postgresql.running(tmp_path_factory.mktemp("postgresql"))


@pytest.fixture(scope="session", autouse=True)
def chosen_database(request: pytest.FixtureRequest) -> None:
    """What tests use that do not say: see `--database`."""
    if request.config.getoption("database") == "postgresql":
        postgresql.choose(request.getfixturevalue("postgresql"))


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL; empty for SQLite. A test with `on_either_database` that uses no engine makes the
    tables itself."""
    chosen = request.config.getoption("database")
    kind = getattr(request, "param", chosen)
    if kind == "sqlite":
        yield ""
        return
    server: PostgreSql = request.getfixturevalue("postgresql")
    if hasattr(request, "param") and "engine" not in request.fixturenames:
        made = server.new_database()
        yield made
        server.drop(made)
        return
    with server.lent() as lent:
        yield lent


@pytest.fixture
def settings(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> Settings:
    has_key = database and request.config.getoption("database") == "postgresql"
    key = SECRET_KEY if has_key else ""
    its_own = {"data_dir": tmp_path, "database_url": database, "secret_key": key}
    return USUAL.model_copy(update=its_own)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    prepare(settings)
    made = engine_of(settings, "test")
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def scope(session: Session, cloud: Cloud, settings: Settings) -> CloudScope:
    return CloudScope(session, "tests", cloud, settings)


@pytest.fixture
def offline(session: Session, nowhere: Cloud, settings: Settings) -> CloudScope:
    """A scope whose AWS does not answer: what passes with it did not ask."""
    return CloudScope(session, "tests", nowhere, settings)
