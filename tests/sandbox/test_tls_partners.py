"""Where partners outside the sandbox are, and how they learn a source address."""

from webapp.sandbox.tls_partners import TlsPartners, proxy_line


def test_a_partner_is_found_by_its_host_on_the_port_of_https_alone() -> None:
    told = TlsPartners({"api.partner.test": "127.0.0.1:8443"}, "/ca.pem")
    found = TlsPartners.of(told.as_json)
    assert found.place("api.partner.test", 443) == ("127.0.0.1", 8443)
    assert found.place("api.partner.test", 8443) is None
    assert found.place("other.test", 443) is None


def test_the_source_address_is_sent_in_version_1_of_the_proxy_protocol() -> None:
    line = proxy_line("203.0.113.7", 5000, 8443)
    assert line == b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 8443\r\n"
