"""Where code goes: into the stack if it fits, otherwise once into the bucket of its region."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.services.functions.catalogue.folders import HANDLER, write_template
from tests.services.scripted import ScriptedAws, a_stack, refusal
from webapp.aws.cloudformation.templates import BODY_MAX_BYTES, ZippedCode
from webapp.aws.errors import NotReached
from webapp.errors import Conflict
from webapp.scope import CloudScope
from webapp.services.functions.catalogue.files import key_of
from webapp.services.functions.catalogue.template import Template
from webapp.services.functions.catalogue.templates import catalogue, get_template
from webapp.services.functions.packages import Code, code_of, placed

REGION = "eu-west-1"
BUCKET = f"egret-code-000000000000-{REGION}"
LARGE = f"{HANDLER}# {'x' * BODY_MAX_BYTES}\n"
NOT_THERE = refusal("404", "Not Found", status=404)


@pytest.fixture
def template(tmp_path: Path) -> Iterator[Template]:
    folder = write_template(tmp_path)
    (folder / "package").mkdir()
    (folder / "package" / "prices.py").write_text("PRICE = 3\n")
    catalogue.use(tmp_path)
    yield get_template("items")
    catalogue.use(None)


def place(scope: CloudScope, code: Code) -> str | ZippedCode:
    return placed(scope.own, scope.settings, code, REGION, token="token")


def test_a_handler_alone_is_in_the_stack(
    scripted: CloudScope, aws: ScriptedAws, template: Template
) -> None:
    assert place(scripted, code_of(replace(template, package=None))) == template.handler
    assert not aws.asked


def test_what_is_there_already_is_not_uploaded_again(
    scripted: CloudScope, aws: ScriptedAws, template: Template
) -> None:
    aws.answers["HeadObject"] = {}
    key = key_of(template.handler, template.package)
    assert place(scripted, code_of(template)) == ZippedCode(BUCKET, key)
    assert [name for name, _ in aws.asked if "Caller" not in name] == ["HeadObject"]


@pytest.mark.parametrize("large", [True, False])
def test_a_large_handler_or_one_with_files_is_uploaded(
    scripted: CloudScope, aws: ScriptedAws, tmp_path: Path, template: Template, large: bool
) -> None:
    if large:
        catalogue.use(write_template(tmp_path, handler=LARGE).parent)
        template = get_template("items")
    sent: list[Any] = []

    def upload(request: Any) -> dict[str, Any]:
        sent.append((request["Key"], request["Body"].read()))
        return {}

    aws.answers |= {"HeadObject": NOT_THERE, "PutObject": upload}
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE", CodeBucket=BUCKET)
    code = place(scripted, code_of(template))
    ((key, zipped),) = sent
    assert code == ZippedCode(BUCKET, key)
    with zipfile.ZipFile(io.BytesIO(zipped)) as opened:
        assert opened.read("index.py").decode() == template.handler
        assert "prices.py" in opened.namelist()


def test_an_operation_waits_for_the_bucket(
    scripted: CloudScope, aws: ScriptedAws, template: Template
) -> None:
    aws.answers |= {"HeadObject": NOT_THERE, "DescribeStacks": a_stack("CREATE_IN_PROGRESS")}
    with pytest.raises(NotReached, match="bucket"):
        place(scripted, code_of(template))
    assert not aws.calls("PutObject")


def test_a_file_that_has_just_changed_is_not_uploaded_under_its_old_name(
    scripted: CloudScope, aws: ScriptedAws, template: Template
) -> None:
    aws.answers |= {"HeadObject": NOT_THERE, "PutObject": {}}
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE", CodeBucket=BUCKET)
    assert template.package
    (template.package.folder / "prices.py").write_text("PRICE = 4\n")
    with pytest.raises(Conflict, match="changed while its code was put together"):
        place(scripted, code_of(template))
    assert not aws.calls("PutObject")


def test_code_that_the_template_no_longer_has_is_not_replaced_by_other_code(
    scripted: CloudScope, aws: ScriptedAws, template: Template
) -> None:
    before = Code(template.name, "the handler as it was", "code/before.zip")
    aws.answers["HeadObject"] = {}
    assert place(scripted, before) == ZippedCode(BUCKET, "code/before.zip")
    aws.answers["HeadObject"] = NOT_THERE
    with pytest.raises(Conflict) as error:
        place(scripted, before)
    assert error.value.code == "code_gone"


def test_code_without_files_needs_no_template_to_be_uploaded_again(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"HeadObject": NOT_THERE, "PutObject": {}}
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE", CodeBucket=BUCKET)
    key = key_of(LARGE, None)
    assert place(scripted, Code("gone", LARGE, key)) == ZippedCode(BUCKET, key)
    assert aws.calls("PutObject")


def test_large_code_without_files_is_zipped_as_well(template: Template) -> None:
    code = code_of(replace(template, package=None, handler=LARGE))
    assert code.key == key_of(LARGE, None)
