"""Many rows by a few statements of SQLite: networks with an address, a key, a function, a snapshot
and a proof each, as the services leave them."""

from sqlmodel import Session

from tests.services.rows import REGION, ZONES

LAST_IP = "(i / 65536 + 52) || '.' || (i / 256 % 256) || '.' || (i % 256) || '.1'"
NUMBER = "((i / 65536 + 52) * 16777216 + (i / 256 % 256) * 65536 + (i % 256) * 256 + 1)"
AT = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
TEXTS = "'', '', 'op'"
CLAIMS = (
    "json_object('kind', 'developer', 'scopes', json_array('clash'), 'tier', '', "
    f"'issued_at', '', 'cidrs', json_array({LAST_IP}))"
)
_STACK = (
    "version, id, name, status, reason, remedy, operation_id, started_at, creation_id, "
    "resource_count, unwanted, attempts, attempts_max, retain, outputs, created_at, updated_at"
)
_READY = f"'ready', {TEXTS}, {AT}, '', 9, 0, 1, 0, '[]', '{{}}', {AT}, {AT}"
STATEMENTS = (
    f"INSERT INTO network ({_STACK}, region, cidr, availability_zones, nat, zones, environment, "
    "tags, protected, change, hours, idle_hours) "
    f"SELECT 1, 'n' || i, printf('network-%05d', i), {_READY}, '{REGION}', '10.0.0.0/16', 1, "
    "'single', '[]', '', '{}', 0, '{}', '{}', 0 FROM numbers",
    "INSERT INTO address (version, id, name, region, status, allocation_id, public_ip, ip_number, "
    "network_id, position, created_at) "
    f"SELECT 1, 'a' || i, printf('network-%05d', i), '{REGION}', 'in_use', 'eipalloc-' || i, "
    f"{LAST_IP}, {NUMBER}, 'n' || i, 0, {AT} FROM numbers",
    "INSERT INTO key (id, name, status, partner, sent_by, sent_as, environment, note, region, "
    "secret_arn, kms_key_arn, fingerprint, claims, created_at) "
    "SELECT 'k' || i, printf('key-%05d', i), 'ready', 'clash_of_clans', 'bearer', '', '', '', "
    f"'{REGION}', 'arn:of:' || i, 'arn', printf('%016x', i), "
    f"{CLAIMS}, {AT} FROM numbers",
    f"INSERT INTO key_range (key_id, prefix, first, last) SELECT 'k' || i, 32, {NUMBER}, {NUMBER} "
    "FROM numbers",
    f"INSERT INTO function ({_STACK}, template, environment, network_id, key_id, settings, access, "
    "cors_origins, stage, path, memory_mb, timeout_s, revision) "
    f"SELECT 1, 'f' || i, printf('function-%05d', i), {_READY}, 'clash_rankings', '', 'n' || i, "
    "'k' || i, '{}', 'api_key', '[]', 'live', '', 256, 28, 1 FROM numbers",
    "INSERT INTO snapshot (id, function_id, ok, fetched_at, ttl_s, content_type, etag, body, "
    "problem, remedy) "
    f"SELECT 's' || i, 'f' || i, 1, {AT}, 60, 'application/json', '', x'7b7d', '', '' FROM numbers",
    "INSERT INTO proof (id, network_id, availability_zone, expected_ip, seen_ip, echo, problem, "
    f"request_id, at) SELECT 'p' || i, 'n' || i, '{ZONES[0]}', {LAST_IP}, {LAST_IP}, '', '', '', "
    f"{AT} FROM numbers",
    "INSERT INTO access_token (id, kind, token_hash, name, role, scopes, created_at, client, "
    "user_agent) "
    f"SELECT 't' || i, 'api', 't' || i, printf('token-%05d', i), 'viewer', '[]', {AT}, '', '' "
    "FROM numbers",
    'INSERT INTO "user" (id, name, password_hash, role, created_at, has_second_factor) '
    f"SELECT 'u' || i, printf('user-%05d', i), '', 'viewer', {AT}, 0 FROM numbers",
    "INSERT INTO account (id, name, number, role_arn, external_id, status, created_at) "
    "SELECT 'c' || i, printf('account-%05d', i), printf('%012d', i), 'arn', 'id', 'pending', "
    f"{AT} FROM numbers",
)


def add_many(session: Session, first: int, last: int) -> None:
    """Those with the numbers from `first` to `last`."""
    numbers = (
        "WITH RECURSIVE numbers(i) AS "
        f"(SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}) "
    )
    connection = session.connection()
    for statement in STATEMENTS:
        connection.exec_driver_sql(numbers + statement)
    session.commit()
