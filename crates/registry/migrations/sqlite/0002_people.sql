-- Schema 2: the organisation, its people, accounts, rights, gates and proofs.
-- The same tables exist for PostgreSQL with BIGINT for INTEGER and DOUBLE PRECISION for REAL.

CREATE TABLE org_node (
    id       TEXT NOT NULL PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('network', 'body', 'site', 'service', 'team')),
    code     TEXT NOT NULL,
    label    TEXT NOT NULL,
    external TEXT,
    version  INTEGER NOT NULL
) STRICT;

-- Where a node hangs, from a day to another (included); parent is null for a root.
CREATE TABLE org_place (
    node     TEXT NOT NULL REFERENCES org_node (id),
    parent   TEXT REFERENCES org_node (id),
    from_day TEXT NOT NULL,
    to_day   TEXT,
    PRIMARY KEY (node, from_day),
    CHECK (parent IS NULL OR parent <> node),
    CHECK (to_day IS NULL OR to_day >= from_day)
) STRICT;

-- `agent` is the pseudonym of the person in event logs.
CREATE TABLE person (
    id       TEXT NOT NULL PRIMARY KEY,
    agent    TEXT UNIQUE,
    given    TEXT NOT NULL DEFAULT '',
    family   TEXT NOT NULL DEFAULT '',
    email    TEXT NOT NULL DEFAULT '',
    external TEXT,
    user_name TEXT UNIQUE,
    active   INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    version  INTEGER NOT NULL
) STRICT;

-- What is true of a person from a day to another: team, contract, skill, absence, ramp-up.
CREATE TABLE person_fact (
    id       INTEGER NOT NULL PRIMARY KEY,
    person   TEXT NOT NULL REFERENCES person (id),
    kind     TEXT NOT NULL
        CHECK (kind IN ('membership', 'contract', 'skill', 'absence', 'ramp_up')),
    from_day TEXT NOT NULL,
    to_day   TEXT,
    json     TEXT NOT NULL,
    source   TEXT NOT NULL,
    version  INTEGER NOT NULL,
    CHECK (to_day IS NULL OR to_day >= from_day)
) STRICT;
CREATE INDEX person_fact_person ON person_fact (person);

CREATE TABLE account (
    id           TEXT NOT NULL PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    person       TEXT REFERENCES person (id),
    password     TEXT,
    issuer       TEXT,
    subject      TEXT,
    second       TEXT,
    recovery     TEXT NOT NULL DEFAULT '[]',
    last_step    INTEGER NOT NULL DEFAULT 0,
    status       TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    must_change  INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1)),
    failures     INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    locked_us    INTEGER,
    created_us   INTEGER NOT NULL,
    seen_us      INTEGER,
    version      INTEGER NOT NULL,
    UNIQUE (issuer, subject),
    CHECK ((issuer IS NULL) = (subject IS NULL)),
    -- An account of the identity provider has no local password path.
    CHECK (issuer IS NULL OR password IS NULL)
) STRICT;

-- A role held by an account on a part of the organisation, from a day to another.
CREATE TABLE role_grant (
    id           TEXT NOT NULL PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES account (id),
    role         TEXT NOT NULL,
    node         TEXT REFERENCES org_node (id),
    processes    TEXT,
    from_day     TEXT NOT NULL,
    to_day       TEXT,
    delegated_by TEXT REFERENCES account (id),
    reason       TEXT NOT NULL DEFAULT '',
    version      INTEGER NOT NULL,
    CHECK (to_day IS NULL OR to_day >= from_day),
    CHECK (delegated_by IS NULL OR to_day IS NOT NULL)
) STRICT;
CREATE INDEX role_grant_account ON role_grant (account);

-- Only the SHA-256 of what the browser holds is kept.
CREATE TABLE session (
    digest      TEXT NOT NULL PRIMARY KEY,
    account     TEXT REFERENCES account (id),
    data        TEXT NOT NULL,
    created_us  INTEGER NOT NULL,
    seen_us     INTEGER NOT NULL,
    expires_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account);

CREATE TABLE api_token (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('api', 'wall', 'scim')),
    account     TEXT REFERENCES account (id),
    name        TEXT NOT NULL,
    digest      TEXT NOT NULL,
    permissions TEXT NOT NULL,
    node        TEXT REFERENCES org_node (id),
    processes   TEXT,
    actor       TEXT NOT NULL,
    created_us  INTEGER NOT NULL,
    expires_us  INTEGER NOT NULL,
    revoked_us  INTEGER,
    used_us     INTEGER
) STRICT;

-- Individual figures stay shut unless a gate was opened for a purpose.
CREATE TABLE gate (
    id              TEXT NOT NULL PRIMARY KEY,
    purpose         TEXT NOT NULL,
    node            TEXT REFERENCES org_node (id),
    dpia_day        TEXT NOT NULL,
    council_day     TEXT NOT NULL,
    information_day TEXT NOT NULL,
    from_day        TEXT NOT NULL,
    to_day          TEXT NOT NULL,
    opened_by       TEXT NOT NULL,
    opened_us       INTEGER NOT NULL,
    closed_by       TEXT,
    closed_us       INTEGER,
    reason          TEXT NOT NULL DEFAULT '',
    CHECK (to_day >= from_day),
    CHECK ((closed_by IS NULL) = (closed_us IS NULL))
) STRICT;

CREATE TABLE purge (
    id      INTEGER NOT NULL PRIMARY KEY,
    at_us   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    what    TEXT NOT NULL,
    before_day TEXT NOT NULL,
    removed INTEGER NOT NULL CHECK (removed >= 0),
    proof   TEXT NOT NULL
) STRICT;

CREATE TABLE rehearsal (
    id        INTEGER NOT NULL PRIMARY KEY,
    at_us     INTEGER NOT NULL,
    backup    TEXT NOT NULL,
    backup_us INTEGER,
    ok        INTEGER NOT NULL CHECK (ok IN (0, 1)),
    seconds   REAL NOT NULL,
    details   TEXT NOT NULL
) STRICT;

CREATE INDEX audit_entry_object ON audit_entry (object, seq);

CREATE TRIGGER purge_is_never_changed BEFORE UPDATE ON purge
BEGIN SELECT RAISE(ABORT, 'the proof of a purge is kept'); END;
CREATE TRIGGER purge_is_never_deleted BEFORE DELETE ON purge
BEGIN SELECT RAISE(ABORT, 'the proof of a purge is kept'); END;
CREATE TRIGGER gate_is_never_deleted BEFORE DELETE ON gate
BEGIN SELECT RAISE(ABORT, 'the record of a gate is kept'); END;
