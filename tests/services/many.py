"""Many rows by a few statements: networks with an address, a key, a function, a snapshot
and a proof each, as the services leave them."""

from sqlalchemy import text
from sqlmodel import Session

from tests.services.rows import REGION, ZONES
from webapp.models import utc_now

LAST_IP = "(i / 65536 + 52) || '.' || (i / 256 % 256) || '.' || (i % 256) || '.1'"
NUMBER = "((i / 65536 + 52) * 16777216 + (i / 256 % 256) * 65536 + (i % 256) * 256 + 1)"
AT = "'@now@'"
NTH = "substr(CAST(100000 + i AS TEXT), 2)"
"""With zeros in front, so that names are in the order of their numbers."""
TEXTS = "'', '', 'op'"
CLAIMS = (
    "json_object('kind', 'developer', 'scopes', json_array('clash'), 'tier', '', "
    f"'issued_at', '', 'cidrs', json_array({LAST_IP}))"
)
OF_POSTGRESQL = {
    "json_object": "json_build_object",
    "json_array": "json_build_array",
    "x'7b7d'": "'{}'",
}
_STACK = (
    "version, id, name, status, reason, remedy, operation_id, started_at, creation_id, "
    "resource_count, unwanted, attempts, attempts_max, retain, outputs, created_at, updated_at"
)
_READY = f"'ready', {TEXTS}, {AT}, '', 9, false, 1, 0, '[]', '{{}}', {AT}, {AT}"
STATEMENTS = (
    f"INSERT INTO network ({_STACK}, region, cidr, availability_zones, nat, zones, environment, "
    "tags, protected, change, hours, idle_hours) "
    f"SELECT 1, 'n' || i, 'network-' || {NTH}, {_READY}, '{REGION}', '10.0.0.0/16', 1, "
    "'single', '[]', '', '{}', false, '{}', '{}', 0 FROM numbers",
    "INSERT INTO address (version, id, name, region, status, allocation_id, public_ip, ip_number, "
    "network_id, position, created_at) "
    f"SELECT 1, 'a' || i, 'network-' || {NTH}, '{REGION}', 'in_use', 'eipalloc-' || i, "
    f"{LAST_IP}, {NUMBER}, 'n' || i, 0, {AT} FROM numbers",
    "INSERT INTO key (id, name, status, partner, sent_by, sent_as, environment, note, region, "
    "secret_arn, kms_key_arn, fingerprint, claims, created_at) "
    f"SELECT 'k' || i, 'key-' || {NTH}, 'ready', 'clash_of_clans', 'bearer', '', '', '', "
    f"'{REGION}', 'arn:of:' || i, 'arn', substr(CAST(10000000000000000 + i AS TEXT), 2), "
    f"{CLAIMS}, {AT} FROM numbers",
    f"INSERT INTO key_range (key_id, prefix, first, last) SELECT 'k' || i, 32, {NUMBER}, {NUMBER} "
    "FROM numbers",
    f"INSERT INTO function ({_STACK}, template, environment, network_id, key_id, settings, access, "
    "cors_origins, stage, path, memory_mb, timeout_s, revision) "
    f"SELECT 1, 'f' || i, 'function-' || {NTH}, {_READY}, 'clash_rankings', '', 'n' || i, "
    "'k' || i, '{}', 'api_key', '[]', 'live', '', 256, 28, 1 FROM numbers",
    "INSERT INTO snapshot (id, function_id, ok, fetched_at, ttl_s, content_type, etag, body, "
    "problem, remedy) "
    f"SELECT 's' || i, 'f' || i, true, {AT}, 60, 'application/json', '', x'7b7d', '', '' "
    "FROM numbers",
    "INSERT INTO proof (id, network_id, availability_zone, expected_ip, seen_ip, echo, problem, "
    f"request_id, at) SELECT 'p' || i, 'n' || i, '{ZONES[0]}', {LAST_IP}, {LAST_IP}, '', '', '', "
    f"{AT} FROM numbers",
    "INSERT INTO access_token (id, kind, token_hash, name, role, scopes, created_at, client, "
    "user_agent) "
    f"SELECT 't' || i, 'api', 't' || i, 'token-' || {NTH}, 'viewer', '[]', {AT}, '', '' "
    "FROM numbers",
    'INSERT INTO "user" (id, name, password_hash, role, created_at, has_second_factor) '
    f"SELECT 'u' || i, 'user-' || {NTH}, '', 'viewer', {AT}, false FROM numbers",
    "INSERT INTO account (id, name, number, role_arn, external_id, status, created_at) "
    f"SELECT 'c' || i, 'account-' || {NTH}, substr(CAST(1000000000000 + i AS TEXT), 2), 'arn', "
    f"'id', 'pending', "
    f"{AT} FROM numbers",
)


def add_many(session: Session, first: int, last: int) -> None:
    """Those with the numbers from `first` to `last`."""
    numbers = (
        "WITH RECURSIVE numbers(i) AS "
        f"(SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}) "
    )
    connection = session.connection()
    words = OF_POSTGRESQL if connection.dialect.name == "postgresql" else {}
    for statement in STATEMENTS:
        sql = statement.replace("@now@", f"{utc_now():%Y-%m-%d %H:%M:%S.%f}")
        for ours, its in words.items():
            sql = sql.replace(ours, its)
        connection.execute(text(numbers + sql))
    session.commit()
