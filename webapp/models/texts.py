"""Texts: how long each may be, which characters it may have, and columns that can always be stored.

What people send is checked: an input has the types below, a form and the API alike, and who breaks
a rule is told so before AWS is asked. What AWS, a partner or a log says is not refused: a column
cuts what is too long and replaces what no database takes, so that no row fails for its texts after
something was done in AWS. Both use the same limits, which are numbers of characters.
"""

import re
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

ID_MAX = 64
"""Ids that Egret makes, and hashes in hex."""
NAME_MAX = 31
ENVIRONMENT_MAX = 20
REGION_MAX = 32
CIDR_MAX = 18
IP_MAX = 45
LABEL_MAX = 60
"""Names in any words: of an address, of a saved request."""
PARTNER_MAX = 100
PERSON_MAX = 64
SUBJECT_MAX = 255
"""What a provider knows a person by (OpenID Connect Core 1.0, section 8)."""
NOTE_MAX = 500
WORD_MAX = 128
"""What a program calls something: a status, a type, a template, a stage."""
ACTOR_MAX = 200
PATH_MAX = 300
URL_MAX = 2000
AWS_ID_MAX = 2048
"""Ids and ARNs of AWS."""
ZONE_MAX = 32
HEADER_MAX = 8000
TAG_MAX = 256
SECRET_MAX = 20_000
TYPED_MAX = 200
"""What is typed to confirm something."""
TOLD_MAX = 8000
"""What AWS or a partner says about a failure."""
BODY_MAX = 512 * 1024
CODE_MAX = 4 * 1024 * 1024

ELLIPSIS = "…"
REPLACEMENT = "\ufffd"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""They show a text in another order than it has (Unicode TR 36, "Trojan Source")."""
_IN_NO_LINE = rf"\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff{_BIDI}"
_IN_NO_BLOCK = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
"""As a regular expression has them, in Python and in JSON Schema."""
_HALVES = r"\ud800-\udfff"
_UNSTORABLE = re.compile(f"[\x00{_HALVES}]")
_NOT_IN_BLOCKS = re.compile(f"[{_IN_NO_BLOCK}{_HALVES}]")
_NOT_IN_LINES = re.compile(f"[{_IN_NO_LINE}{_HALVES}]")


def check_line(text: str) -> str:
    """The text itself. Raises ValueError for line breaks and characters that cannot be seen."""
    if _NOT_IN_LINES.search(text):
        raise ValueError("Remove line breaks and characters that cannot be seen.")
    return text


def check_block(text: str) -> str:
    """The text itself, which may have lines and tabs. Raises ValueError."""
    if _NOT_IN_BLOCKS.search(text):
        raise ValueError("Remove the characters that cannot be shown.")
    return text


LINE_PATTERN, BLOCK_PATTERN = f"^[^{_IN_NO_LINE}]*$", f"^[^{_IN_NO_BLOCK}]*$"
"""For the API's description. JSON in UTF-8 has no half of a surrogate pair anyway."""
_LINE, _BLOCK = AfterValidator(check_line), AfterValidator(check_block)
"""Alone for the names in a mapping: with a pattern, generators of clients make no type of it."""
_IS_LINE = Field(json_schema_extra={"pattern": LINE_PATTERN})
_IS_BLOCK = Field(json_schema_extra={"pattern": BLOCK_PATTERN})
NameText = Annotated[str, Field(max_length=NAME_MAX), _LINE, _IS_LINE]
EnvironmentText = Annotated[str, Field(max_length=ENVIRONMENT_MAX), _LINE, _IS_LINE]
RegionText = Annotated[str, Field(max_length=REGION_MAX), _LINE, _IS_LINE]
CidrText = Annotated[str, Field(max_length=CIDR_MAX), _LINE, _IS_LINE]
ZoneText = Annotated[str, Field(max_length=ZONE_MAX), _LINE, _IS_LINE]
IdText = Annotated[str, Field(max_length=ID_MAX), _LINE, _IS_LINE]
AwsIdText = Annotated[str, Field(max_length=AWS_ID_MAX), _LINE, _IS_LINE]
WordText = Annotated[str, Field(max_length=WORD_MAX), _LINE, _IS_LINE]
PersonText = Annotated[str, Field(max_length=PERSON_MAX), _LINE, _IS_LINE]
LabelText = Annotated[str, Field(max_length=LABEL_MAX), _LINE, _IS_LINE]
PartnerText = Annotated[str, Field(max_length=PARTNER_MAX), _LINE, _IS_LINE]
NoteText = Annotated[str, Field(max_length=NOTE_MAX), _LINE, _IS_LINE]
TypedText = Annotated[str, Field(max_length=TYPED_MAX), _LINE, _IS_LINE]
HeaderText = Annotated[str, Field(max_length=HEADER_MAX), _BLOCK, _IS_BLOCK]
NameOfHeader = Annotated[str, Field(max_length=HEADER_MAX), _BLOCK]
TagText = Annotated[str, Field(max_length=TAG_MAX), _LINE]
PathText = Annotated[str, Field(max_length=PATH_MAX), _LINE, _IS_LINE]
UrlText = Annotated[str, Field(max_length=URL_MAX), _LINE, _IS_LINE]
SecretText = Annotated[str, Field(max_length=SECRET_MAX), _BLOCK, _IS_BLOCK]
BodyText = Annotated[str, Field(max_length=BODY_MAX), _BLOCK, _IS_BLOCK]


def fitted(value: str, max_chars: int) -> str:
    """As a column stores it: cut, and without what some databases refuse."""
    text = _UNSTORABLE.sub(REPLACEMENT, value)
    return text if len(text) <= max_chars else text[: max_chars - 1] + ELLIPSIS


class Text(TypeDecorator[str]):
    """A text of at most `max_chars`. What is compared with it is fitted in the same way.

    The columns of the database have no limit of their own: rows from before there were limits stay
    as they are, and a lower limit needs no migration.
    """

    impl = String
    cache_ok = True
    max_chars: int

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return value if value is None else fitted(value, self.max_chars)


class OrderedText(Text):
    """One that lists are ordered by and searched for by how it begins: both databases compare it
    character by character, so that an index finds all that begin with the same."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        is_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(String(collation="C") if is_postgresql else String())


@lru_cache
def sized(max_chars: int, kind: type[Text] = Text) -> type[Text]:
    """The type of a column for texts of at most so many characters."""
    return type(f"{kind.__name__}{max_chars}", (kind,), {"max_chars": max_chars, "cache_ok": True})


def ordered(max_chars: int) -> type[Text]:
    """The same, for a text that lists are ordered by."""
    return sized(max_chars, OrderedText)


def as_stored(row: SQLModel, name: str) -> Any:
    """The value of that column as the database will hold it."""
    value, kind = getattr(row, name), SQLModel.metadata.tables[str(row.__tablename__)].c[name].type
    if isinstance(kind, Text) and isinstance(value, str):
        return fitted(value, kind.max_chars)
    return value
