"""Answers a ranking of one location, byte for byte as the Clash of Clans API sends it.

Runs on AWS Lambda's Python runtime with only what that runtime ships. What it has in common with
other handlers, such as the key and the limits, is in `lambda_templates/shared`.
"""

from lambda_templates.shared.answers import Request
from lambda_templates.shared.egress import Egress, Event, entry_point


class Rankings(Egress):
    def request(self, _event: Event) -> Request:
        location, ranking = self.settings["location"], self.settings.get("ranking", "clans")
        limit = int(self.settings["limit"])
        return Request(f"/v1/locations/{location}/rankings/{ranking}?limit={limit}")


handler = entry_point(Rankings)
