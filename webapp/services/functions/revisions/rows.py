"""The rows of revisions: one for each deployment, of which at most one is pending and one is live.

    pending → live → replaced
    pending → failed

A function's row describes its live revision. It also names the network and the key of the pending
one, so that neither can be deleted meanwhile.
"""

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from webapp.aws.secrets import CURRENT
from webapp.database.queries import Query
from webapp.errors import NotFound
from webapp.models import Function, FunctionRevision, Key, KeyVersion, Network, RevisionStatus
from webapp.models.revision import CONFIGURATION
from webapp.services.functions.catalogue.templates import Template, template_of
from webapp.services.functions.revisions import code

PAGE = 50
_CODE = Query(
    select(
        FunctionRevision.template_version,
        FunctionRevision.code_hash,
        col(FunctionRevision.code) != "",
    ).where(
        col(FunctionRevision.function_id) == bindparam("function_id"),
        col(FunctionRevision.number) == bindparam("number"),
    )
)


def describe(session: Session, function: Function, template: Template) -> FunctionRevision:
    """A revision, not stored yet, of the function as its row is, with the template's code."""
    network = session.get_one(Network, function.network_id)
    key = session.get_one(Key, function.key_id)
    revision = FunctionRevision(
        function_id=function.id,
        number=function.revision,
        template=template.name,
        network=network.name,
        key=key.name,
        key_version=current_version(session, key.id),
        **{name: getattr(function, name) for name in CONFIGURATION},
    )
    code.take(revision, template)
    return revision


def live(session: Session, function: Function) -> FunctionRevision:
    """The one that the function's row describes. A function that is older than revisions has none:
    then it is made from the row, with the code that the template has now. It is not stored, as the
    deployed code may be another."""
    found = find(session, function, function.revision)
    template = template_of(function.template)
    if found is None:
        return describe(session, function, template)
    if not found.code:
        found = FunctionRevision(**found.model_dump())
        code.take(found, template)
    return found


def has_code_of(session: Session, function: Function, template: Template) -> bool:
    """Whether the live one has the code that the template has now: see `live`."""
    for version, code_hash, has_code in _CODE.rows(
        session, function_id=function.id, number=function.revision
    ):
        return not has_code or (version, code_hash) == (template.version, code.hash_of(template))
    return True


def pending(session: Session, function: Function) -> FunctionRevision | None:
    """The one that is being deployed."""
    mine = _of(function).where(FunctionRevision.status == RevisionStatus.PENDING)
    return session.exec(mine.order_by(col(FunctionRevision.number).desc())).first()


def to_deploy(session: Session, function: Function) -> FunctionRevision:
    """What the function's stack should be made of. One whose code was not kept has from now on the
    code of its template. The caller commits."""
    found = pending(session, function) or find(session, function, function.revision)
    if found is None:
        return live(session, function)
    if not found.code:
        code.take(found, template_of(function.template))
    return found


def find(session: Session, function: Function, number: int) -> FunctionRevision | None:
    return session.exec(_of(function).where(FunctionRevision.number == number)).first()


def get(session: Session, function: Function, number: int) -> FunctionRevision:
    found = find(session, function, number)
    if found is None:
        raise NotFound(
            f"{function.name} has no revision {number}.",
            remedy=f"Its revisions are at /functions/{function.name}/revisions.",
        )
    return found


def newest_first(
    session: Session, function: Function, *, before: int | None = None, limit: int = PAGE
) -> list[FunctionRevision]:
    """Those with a number below `before`."""
    mine = _of(function).order_by(col(FunctionRevision.number).desc())
    if before is not None:
        mine = mine.where(FunctionRevision.number < before)
    return list(session.exec(mine.limit(limit)))


def add(session: Session, function: Function, revision: FunctionRevision, *, actor: str) -> None:
    """Make it the pending one, with the next number. The caller commits."""
    highest = select(func.max(FunctionRevision.number)).where(
        FunctionRevision.function_id == function.id
    )
    revision.number = max(session.exec(highest).one() or 0, function.revision) + 1
    revision.actor = actor
    function.next_network_id, function.next_key_id = revision.network_id, revision.key_id
    session.add(revision)


def add_first(session: Session, function: Function, template: Template, *, actor: str) -> None:
    """That with which the function is created. The caller commits."""
    first = describe(session, function, template)
    first.actor = actor
    session.add(first)


def make_live(session: Session, function: Function) -> FunctionRevision | None:
    """The pending one, if there is any, takes the place of the live one. The caller commits."""
    new = pending(session, function)
    if new is None:
        return None
    old = find(session, function, function.revision)
    if old is not None and old is not new:
        old.status = RevisionStatus.REPLACED
    new.status, new.reason = RevisionStatus.LIVE, ""
    new.configure(function)
    function.next_network_id = function.next_key_id = None
    return new


def fail(session: Session, function: Function, reason: str) -> None:
    """The pending one was not deployed; the live one stays. The caller commits."""
    new = pending(session, function)
    if new is not None:
        new.status, new.reason = RevisionStatus.FAILED, reason
    function.next_network_id = function.next_key_id = None


def _of(function: Function) -> SelectOfScalar[FunctionRevision]:
    return select(FunctionRevision).where(FunctionRevision.function_id == function.id)


def current_version(session: Session, key_id: str) -> str:
    """The id of the version of the key that functions use now; '' while there is none."""
    mine = select(KeyVersion.id).where(KeyVersion.key_id == key_id, KeyVersion.stage == CURRENT)
    return session.exec(mine).first() or ""
