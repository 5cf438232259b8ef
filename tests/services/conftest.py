"""What the tests of services share besides the database and the embedded AWS."""

import pytest
from sqlmodel import Session

from tests.services.scripted import ScriptedAws
from webapp.scope import CloudScope
from webapp.settings import Settings


@pytest.fixture(scope="session")
def scripted_aws() -> ScriptedAws:
    """Made once: botocore takes a while to read the descriptions of its services."""
    return ScriptedAws()


@pytest.fixture
def aws(scripted_aws: ScriptedAws) -> ScriptedAws:
    scripted_aws.reset()
    return scripted_aws


@pytest.fixture
def scripted(session: Session, aws: ScriptedAws, settings: Settings) -> CloudScope:
    """A scope whose AWS answers by a script."""
    return CloudScope(session, "tests", aws.cloud, settings)
