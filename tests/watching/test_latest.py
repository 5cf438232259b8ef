"""What many ask for is read once after each commit, and never late."""

from sqlalchemy import Engine
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services.rows import a_network, add
from webapp.services import networks
from webapp.watching.latest import Latest


@on_either_database
def test_it_is_read_again_after_a_commit_and_only_then(engine: Engine) -> None:
    latest, reads = Latest(engine), 0

    def names(session: Session) -> str:
        nonlocal reads
        reads += 1
        return ",".join(each.network.name for each in networks.listing.page(session).rows)

    for number, expected in enumerate(["", "net-0", "net-0,net-1"]):
        for _ in range(3):
            with Session(engine) as asking:
                assert latest.of(asking, names) == expected
        assert reads == number + 1
        with Session(engine) as writing:
            add(writing, a_network(f"net-{number}"))
