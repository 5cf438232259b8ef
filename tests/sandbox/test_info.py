"""What people open in a browser has another name of this machine than the dashboard."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from webapp.aws.policy import Place
from webapp.sandbox.folder import Folder
from webapp.sandbox.info import ACCOUNT, SECOND_ACCOUNT, info_of
from webapp.sandbox.users import Users

PORTS = {"embedded_aws": 1, "partner": 2, "nat": 3}


@pytest.mark.parametrize(
    ("dashboard", "name"),
    [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1"), ("egret.example.com", "localhost")],
)
def test_no_cookie_of_the_dashboard_is_sent_to_the_portal_or_to_a_function(
    tmp_path: Path, dashboard: str, name: str
) -> None:
    users = Users(Folder(tmp_path).credentials(), Place(ACCOUNT), SECOND_ACCOUNT)
    info = info_of(PORTS, users, dashboard)
    assert urlsplit(info.portal_url).hostname == name
    assert urlsplit(info.execute_api_url).hostname == name
    for url in (info.aws_endpoint, info.partner_url, info.echo_url):
        assert urlsplit(url).hostname == "127.0.0.1"
