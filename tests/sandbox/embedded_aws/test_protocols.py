"""What the sandbox knows of services by heart is what botocore's models say."""

import botocore.session
import pytest

from webapp.sandbox.embedded_aws.protocols import METADATA


@pytest.mark.parametrize("service", METADATA)
def test_a_service_answers_in_the_form_of_its_model(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    known = METADATA[service]
    assert {name: model.metadata.get(name) for name in ("protocol", "jsonVersion")} == {
        "protocol": known["protocol"],
        "jsonVersion": known.get("jsonVersion"),
    }
