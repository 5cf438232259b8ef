"""The embedded AWS's options come from its environment."""

from pathlib import Path

import pytest

from webapp.sandbox.embedded_aws.options import NAT_GATEWAY_PACE_FACTOR, Options


def test_options_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "4566")
    monkeypatch.setenv("EMBEDDED_AWS_STATE_DIR", "/state")
    monkeypatch.setenv("EMBEDDED_AWS_PACE_S", "0.5")
    options = Options.from_environment()
    assert (options.port, options.state_dir) == (4566, Path("/state"))
    assert options.ca_file is None
    monkeypatch.setenv("EMBEDDED_AWS_CA_FILE", "/ca.pem")
    assert Options.from_environment().ca_file == Path("/ca.pem")
    assert (options.address_quota, options.network_quota, options.nat_proxy) == (5, 5, "")
    assert options.pace_of("AWS::EC2::VPC") == 0.5
    assert options.pace_of("AWS::EC2::NatGateway") == 0.5 * NAT_GATEWAY_PACE_FACTOR
