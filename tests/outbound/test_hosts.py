"""A name that the public DNS may know, and what belongs to AWS itself."""

import pytest

from webapp.outbound.hosts import is_aws_interface, is_public_host


@pytest.mark.parametrize(
    "host", ["api.example.com", "API.Example.COM", "a.b-c.d1", "xn--bcher-kva.example", "1.de"]
)
def test_a_name_of_the_public_dns_is_one(host: str) -> None:
    assert is_public_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "a",
        "127.0.0.1",
        "127.1",
        "0x7f.0x1",
        "1.2.3.0x4",
        "[::1]",
        "a.internal",
        "metadata.google.internal",
        "x.local",
        "printer.lan",
        "1.in-addr.arpa",
        "x.onion",
        "a..b",
        "a.b.",
        ".a.b",
        "-a.b",
        "a-.b",
        "a_b.c",
        "a b.c",
        "bücher.example",
        "ⓔxample.com",
        "a。b",
        "a.b\n",
        "a.b\x00",
        f"{'a' * 64}.com",
        ".".join(["abc"] * 70),
    ],
)
def test_anything_else_is_not(host: str) -> None:
    assert not is_public_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "sts.amazonaws.com",
        "secretsmanager.eu-central-1.amazonaws.com",
        "STS.amazonaws.com",
        "lambda.cn-north-1.amazonaws.com.cn",
        "ec2.eu-central-1.api.aws",
        "amazonaws.com",
        "kms.eusc-de-east-1.amazonaws.eu",
    ],
)
def test_an_interface_of_aws_is_one(host: str) -> None:
    assert is_aws_interface(host)


@pytest.mark.parametrize(
    "host",
    [
        "abc.execute-api.eu-central-1.amazonaws.com",
        "lb-1.eu-west-1.elb.amazonaws.com",
        "bucket.s3.eu-central-1.amazonaws.com",
        "d1.cloudfront.net",
        "notamazonaws.com",
        "amazonaws.com.example.com",
        "x.lambda-url.eu-central-1.on.aws",
    ],
)
def test_what_customers_of_aws_serve_is_not(host: str) -> None:
    assert not is_aws_interface(host)
