"""Every origin that Egret calls by its public name has a place in the sandbox."""

import pytest

from webapp.partners import partner
from webapp.sandbox.partner.hosts import endpoints
from webapp.services.functions.catalogue.templates import Template, list_templates
from webapp.settings import Settings

ENDPOINTS = endpoints("http://pass:secret@127.0.0.1:1", "http://127.0.0.1:1/portal")


@pytest.mark.parametrize("template", list_templates(), ids=lambda template: template.name)
def test_a_templates_partner_portal_and_pictures_are_in_the_sandbox(template: Template) -> None:
    pictures = {f"https://{host}" for host in template.image_hosts}
    wanted = {template.partner_origin, partner(template.partner).portal_url} | pictures
    assert wanted - {""} <= ENDPOINTS.keys()


def test_the_echo_services_of_the_settings_are_in_the_sandbox() -> None:
    origins = Settings(endpoints=ENDPOINTS).echo_origins.split(",")
    assert origins == ["http://echo.sandbox:443", "http://ipify.sandbox:443"]


def test_a_function_calls_on_port_443_so_that_the_security_group_counts() -> None:
    virtual = [origin for origin in ENDPOINTS.values() if ".sandbox" in origin]
    assert len(virtual) == 4
    assert all(origin.endswith(".sandbox:443") for origin in virtual)
