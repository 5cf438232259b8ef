"""Filter patterns, by the examples of CloudWatch's documentation."""

import json

import pytest

from webapp.sandbox.embedded_aws.filter_patterns import InvalidPattern, compiled

EVENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "cluster.name": "c",
        "status": 403,
        "cached": False,
        "text": "200",
    }
)


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "[error 400] bad request", False),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", False),
        ("?ERROR ?ARGUMENTS", "[INFO] TOO MANY ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "[INFO] REQUEST", False),
        ("?ERROR ?WARN INFO", "[INFO] REQUEST", True),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "SERVER ERROR, INTERNAL", False),
        ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", True),
        ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
        ('"\\"level\\": \\"ERROR\\""', '{"level": "ERROR"}', True),
        ('"a*b"', "a*b", True),
        ('"a*b"', "axb", False),
        ("%AUTH[A-Z]+ED%", "[SUCCESS 200] AUTHORIZED REQUEST", True),
        ("%AUTH[A-Z]+ED%", "AUTH", False),
    ],
)
def test_terms_are_found_in_a_message(pattern: str, message: str, matches: bool) -> None:
    assert compiled(pattern)(message) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ('{ $.eventType = "Update*" }', True),
        ('{ $.eventType = "update*" }', False),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.sourceIPAddress != "123.123.*" }', True),
        ('{ $.missing != "x" }', False),
        ('{ $.arrayKey[0] = "value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[7].id = 2 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.cached IS FALSE }", True),
        ("{ $.cached IS TRUE }", False),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ("{ $.status = 403 }", True),
        ("{ $.status >= 400 && $.status < 500 }", True),
        ("{ $.status > 403 || $.text = 200 }", False),
        ('{ ($.status > 500 || $.cached IS FALSE) && $.eventType = "UpdateTrail" }', True),
        ('{ $.status = 403 || $.a = 1 && $.eventType = "x" }', True),
        ("{ $.eventType = %^Update% }", True),
    ],
)
def test_properties_of_a_message_in_json_are_compared(pattern: str, matches: bool) -> None:
    assert compiled(pattern)(EVENT) is matches


@pytest.mark.parametrize("message", ["no JSON", "[1]", "[" * 100_000, ""])
def test_a_message_that_is_no_object_matches_no_comparison(message: str) -> None:
    assert not compiled("{ $.missing NOT EXISTS }")(message)


@pytest.mark.parametrize(
    "pattern",
    [
        '"not closed',
        "{ $.a = 1",
        "{ }",
        "{ a = 1 }",
        "{ $.a ~ 1 }",
        "{ $.a = }",
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a IS 3 }",
        '{ $.a > "x" }',
        "%(a)%",
        "%[%",
        "[ip, user]",
        "x" * 1025,
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compiled(pattern)
