"""The public origins that the partner stands in for, and where each of them is in the sandbox.

A function calls the API and the echo services by virtual names that the NAT resolves; port 443, so
that the security group's rule counts. The dashboard and the browser fetch badges and open the
portal directly.
"""

ECHO_HOSTS = {
    "https://checkip.amazonaws.com": "echo.sandbox",
    "https://api.ipify.org": "ipify.sandbox",
}
PORTAL_PATH = "/portal"
ENTRY = "pass"
"""The parameter in the portal's address that lets a person in."""
ECHO_PATH = "/echo"


def endpoints(partner_url: str, portal_url: str) -> dict[str, str]:
    """For the setting `EGRET_ENDPOINTS`; both URLs let in who has them."""
    echo_services = {origin: f"http://{host}:443" for origin, host in ECHO_HOSTS.items()}
    return echo_services | {
        "https://api.clashofclans.com": "http://api.clashofclans.sandbox:443",
        "https://api.bank.example": "http://api.bank.sandbox:443",
        "https://api-assets.clashofclans.com": partner_url,
        "https://developer.clashofclans.com": portal_url,
    }
