"""Reading the key: one signed request, what is tried again, and how a request carries the key."""

from types import ModuleType

import pytest

from tests.fast import thorough
from tests.lambda_templates.shared.test_partner import code
from tests.lambda_templates.world import ARN, Environment, Respond, World
from webapp.aws.partitions import CONSOLES, dns_suffix_of

DENIED = b'{"__type": "com.amazonaws#AccessDeniedException", "Message": "for arn:aws:sts::1"}'
BUSY = b'{"__type": "ThrottlingException"}'


def test_one_request_is_signed_with_what_lambda_gives(
    environment: Environment, world: World
) -> None:
    environment.call()
    (request,) = world.secret_requests
    scope = "/eu-central-1/secretsmanager/aws4_request, SignedHeaders="
    signed = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert scope + signed in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == "token-of-the-role"
    assert request.body.decode() == f'{{"SecretId": "{ARN}"}}'


@pytest.mark.parametrize(
    ("failures", "reads", "expected"),
    [
        ([(500, {}, b"")], 2, 200),
        ([(400, {}, BUSY)], 2, 200),
        ([(200, {"Content-Length": "99"}, b"{")], 2, 200),
        ([(503, {}, b"{}")] * 3, 2, 502),
        ([(400, {}, DENIED)], 1, 502),
    ],
    ids=["an error", "throttled", "broken off", "again and again", "not allowed"],
)
def test_what_may_pass_is_tried_once_more(
    environment: Environment, world: World, failures: list[Respond], reads: int, expected: int
) -> None:
    world.secret_failures = failures
    answer = environment.call()
    assert (answer["statusCode"], world.secret_reads) == (expected, reads)


def test_an_unreadable_key_is_reported_with_the_code_of_aws_alone(
    environment: Environment, world: World
) -> None:
    world.secret_failures = [(400, {}, DENIED)]
    body = environment.call()["body"]
    assert '"key_unreadable"' in body
    assert "could not be read: AccessDeniedException" in body
    assert "arn" not in body


@thorough("it waits for a second")
def test_a_secret_on_another_continent_is_waited_for(
    environment: Environment, world: World
) -> None:
    """A cold start: the name, two round trips for TLS and the answer take more than a second."""
    world.secret_takes_s = 1.1
    assert environment.call()["statusCode"] == 200
    assert world.secret_reads == 1


@pytest.mark.parametrize(
    "secret",
    [
        {"SecretString": "good-key\nX-Evil: 1"},
        {"SecretString": "g\u00f6\u00f6d-k\u00e9y\u2014"},
        {"SecretString": ""},
        {"SecretBinary": "Z29vZC1rZXk="},
    ],
    ids=["a line break", "not ASCII", "empty", "binary"],
)
def test_a_secret_that_is_not_a_key_is_never_sent(
    environment: Environment, world: World, secret: dict[str, str]
) -> None:
    world.secret = secret
    answer = environment.call()
    assert (answer["statusCode"], code(answer)) == (502, "key_unreadable")
    assert not world.partner_calls


@pytest.mark.parametrize("partition", CONSOLES)
def test_the_secret_is_read_in_its_own_region_and_partition(
    module: ModuleType, partition: str
) -> None:
    env = {"KEY_SECRET_ARN": f"arn:{partition}:secretsmanager:xx-north-1:1:secret:k"}
    url = f"https://secretsmanager.xx-north-1.{dns_suffix_of(partition)}"
    assert module.Secret(env, None).url == url
    elsewhere = env | {
        "AWS_ENDPOINT_URL": "http://one",
        "AWS_ENDPOINT_URL_SECRETSMANAGER": "http://two",
    }
    assert module.Secret(elsewhere, None).url == "http://two"


@pytest.mark.parametrize(
    ("value", "body", "shown"),
    [
        ("good-key", '{"sent": "Bearer good-key"}', True),
        ("Token good-key", '{"sent": "good-key"}', True),
        ("a+b/c==9", '{"next": "https://a.example/?page=2&k=a%2Bb%2Fc%3D%3D9"}', True),
        ("a+b/c==9", "?k=a%2bb%2fc%3d%3d9", True),
        ("a+b/c==9", r'{"sent": "a+b\/c==9"}', True),
        ('a"b"c"d"', r'{"sent": "a\"b\"c\"d\""}', True),
        ("good-key", '{"sent": "good-k**"}', False),
        ("short", "short", False),
    ],
)
def test_a_key_is_recognised_however_an_answer_writes_it(
    module: ModuleType, value: str, body: str, shown: bool
) -> None:
    assert module.is_shown(module.Key(value, "v1"), body.encode()) is shown


@pytest.mark.parametrize(
    ("sent_as", "path", "headers"),
    [
        ("bearer", "/a", {"Authorization": "Bearer k&y=1"}),
        ("header X-Api-Key", "/a", {"X-Api-Key": "k&y=1"}),
        ("query api_key", "/a?api_key=k%26y%3D1", {}),
    ],
)
def test_a_request_carries_the_key_where_the_partner_wants_it(
    module: ModuleType, sent_as: str, path: str, headers: dict[str, str]
) -> None:
    key = module.Key("k&y=1", "v1")
    assert "k&y" not in repr(key)
    sent = module.with_key(module.Request("/a"), key, sent_as)
    assert (sent.path, sent.headers) == (path, headers)
    both = module.with_key(module.Request("/a?b=1"), key, sent_as)
    assert both.path == path.replace("?", "?b=1&") if headers == {} else "/a?b=1"
