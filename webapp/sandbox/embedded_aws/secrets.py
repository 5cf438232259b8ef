"""Secrets Manager: the request token is the version's id, and a repeated request does nothing.

As on AWS, the same token with another content is refused, and ListSecrets compares the beginning
of a name.
"""

from typing import Any

from ministack.services import secretsmanager

from webapp.sandbox.embedded_aws.actions import Answer

TOKEN_CHARS = range(32, 65)
VALUES = ("SecretString", "SecretBinary")

Request = dict[str, Any]

_create = secretsmanager._create_secret
_put = secretsmanager._put_secret_value
_filter_names = secretsmanager._filter_secret_names


def install() -> None:
    secretsmanager._create_secret = _create_once
    secretsmanager._put_secret_value = _put_once
    secretsmanager._filter_secret_names = _filter_by_beginning


def _create_once(request: Request) -> Answer:
    token, name = request.get("ClientRequestToken"), request.get("Name")
    if token and len(token) not in TOKEN_CHARS:
        return _bad_token()
    there = secretsmanager._secrets.get(name)
    if there and _is_same(there, token, request):
        return _json({"ARN": there["ARN"], "Name": name, "VersionId": token})
    answer: Answer = _create(request)
    if answer[0] != 200 or not token:
        return answer
    made = secretsmanager._secrets[name]
    (answer_id,) = made["Versions"]
    made["Versions"] = {token: made["Versions"].pop(answer_id)}
    return _json({"ARN": made["ARN"], "Name": name, "VersionId": token})


def _put_once(request: Request) -> Answer:
    token = request.get("ClientRequestToken")
    if token and len(token) not in TOKEN_CHARS:
        return _bad_token()
    _, there = secretsmanager._resolve(request.get("SecretId"))
    if not there or there.get("DeletedDate") or token not in there["Versions"]:
        answer: Answer = _put(request)
        return answer
    if not _is_same(there, token, request):
        return _error(
            "ResourceExistsException",
            f"You can't use ClientRequestToken {token} because that value is already in use for a "
            f"version of secret {there['ARN']}.",
        )
    stages = there["Versions"][token]["Stages"]
    names = {"ARN": there["ARN"], "Name": there["Name"]}
    return _json(names | {"VersionId": token, "VersionStages": stages})


def _is_same(secret: dict[str, Any], token: str | None, request: Request) -> bool:
    version = secret["Versions"].get(token)
    return bool(version) and all(version.get(each) == request.get(each) for each in VALUES)


def _filter_by_beginning(names: list[str], filters: list[Request]) -> list[str]:
    for each in filters:
        if each.get("Key") == "name":
            names = [name for name in names if name.startswith(tuple(each.get("Values", [])))]
    others: list[str] = _filter_names(names, [f for f in filters if f.get("Key") != "name"])
    return others


def _bad_token() -> Answer:
    return _error(
        "InvalidParameterException", "ClientRequestToken must have a length from 32 to 64."
    )


def _json(body: dict[str, Any]) -> Answer:
    answer: Answer = secretsmanager.json_response(body)
    return answer


def _error(code: str, message: str) -> Answer:
    answer: Answer = secretsmanager.error_response_json(code, message, 400)
    return answer
