"""Every call that the dashboard itself makes to something that is not AWS goes through here.

    addresses   which addresses are public, by IANA's registries
    hosts       which names may be public
    urls        what a URL may look like
    wire        one lookup, and a connection to what it found, within a deadline
    client      Outbound: all of it together, with limits for each purpose

`webapp.aws` speaks to AWS, with boto3. Functions call partners from AWS, by their handlers.
"""

from webapp.outbound.client import Answer, Outbound, Purpose

__all__ = ["Answer", "Outbound", "Purpose"]
