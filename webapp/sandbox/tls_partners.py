"""Partners outside the sandbox that its functions may call over TLS, such as a server of a test.

Nobody can see into a TLS connection, so the NAT tells the source address before it begins, by the
PROXY protocol (version 1), as proxies do: the server must read that line.
https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

TLS_PORT = 443


@dataclass(frozen=True)
class TlsPartners:
    """`places`: where each host is, as `127.0.0.1:8443`. `ca_file` has the certificates that
    functions trust; '' for the system's."""

    places: Mapping[str, str] = field(default_factory=dict)
    ca_file: str = ""

    @classmethod
    def of(cls, places: str) -> "TlsPartners":
        """As the NAT gets them, without certificates."""
        return cls(json.loads(places))

    @property
    def as_json(self) -> str:
        return json.dumps(dict(self.places))

    def place(self, host: str, port: int) -> tuple[str, int] | None:
        """Where the host listens; None for one that is not known."""
        if port != TLS_PORT or host not in self.places:
            return None
        name, _, number = self.places[host].rpartition(":")
        return name, int(number)


def proxy_line(source: str, source_port: int, port: int) -> bytes:
    """What is sent before the connection's first byte."""
    return f"PROXY TCP4 {source} 127.0.0.1 {source_port} {port}\r\n".encode()
