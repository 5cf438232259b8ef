"""A CloudWatch that answers by a script: what each metric has measured, by its name at AWS."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.services.scripted import Answer, ScriptedAws
from webapp.aws import Cloud
from webapp.aws.metrics import Metrics

Values = Mapping[tuple[str, str], float]


def cloudwatch(values: Values, *, ago: timedelta = timedelta(minutes=30)) -> Answer:
    """`values` are by name and what they are of, such as `("Errors", "egret-shop")`; a percentile's
    by its own name, such as `p95`. Each is of the period of so long ago.
    """

    def answer(parameters: Any) -> dict[str, Any]:
        results = []
        for query in parameters["MetricDataQueries"]:
            stat = query["MetricStat"]
            name, (dimension,) = stat["Metric"]["MetricName"], stat["Metric"]["Dimensions"]
            name = stat["Stat"] if stat["Stat"].startswith("p") else name
            found = values.get((name, dimension["Value"]))
            known = [] if found is None else [found]
            at = _period(parameters["EndTime"] - ago, stat["Period"])
            results.append(
                {
                    "Id": query["Id"],
                    "Timestamps": [at for _ in known],
                    "Values": known,
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results}

    return answer


def without_kept_answers(aws: ScriptedAws) -> Cloud:
    """The script's AWS with an adapter that has read nothing yet."""
    return replace(aws.cloud, metrics=Metrics(aws.clients))


def _period(at: datetime, period_s: int) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // period_s * period_s, at.tzinfo)
