"""What a connection of the HTTP server may take in time, and how many there may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one process. README and docs/operations.md say what belongs at a proxy in front of it."""

    head_s: float = 10
    """From the connection, or the first byte of a further request, to the end of its headers."""
    body_s: float = 20
    """For a body; more of it has a second for each `bytes_per_s`."""
    answer_s: float = 20
    """For reading an answer that is more than the network's own buffers take; likewise."""
    bytes_per_s: int = 1024
    idle_s: int = 20
    """Between two requests."""
    linger_s: float = 2
    """For reading why a connection was refused, or for the rest of a body that nobody needs."""
    leave_s: float = 1
    """For clients with idle connections, such as a proxy, to see that the server is ending."""
    connections: int = 2000
    per_client: int = 60
    refused: int = 100
    """Further connections that are told so; those beyond are closed without a word."""
    pipelined: int = 10
    """Requests that are sent before the first one is answered."""
