-- Schema 2: the organisation, its people, accounts, rights, gates and proofs.
-- The same tables as for SQLite with BIGINT for INTEGER and DOUBLE PRECISION for REAL.

CREATE TABLE org_node (
    id       TEXT NOT NULL PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('network', 'body', 'site', 'service', 'team')),
    code     TEXT NOT NULL,
    label    TEXT NOT NULL,
    external TEXT,
    version  BIGINT NOT NULL
);

-- Where a node hangs, from a day to another (included); parent is null for a root.
CREATE TABLE org_place (
    node     TEXT NOT NULL REFERENCES org_node (id),
    parent   TEXT REFERENCES org_node (id),
    from_day TEXT NOT NULL,
    to_day   TEXT,
    PRIMARY KEY (node, from_day),
    CHECK (parent IS NULL OR parent <> node),
    CHECK (to_day IS NULL OR to_day >= from_day)
);

-- `agent` is the pseudonym of the person in event logs.
CREATE TABLE person (
    id       TEXT NOT NULL PRIMARY KEY,
    agent    TEXT UNIQUE,
    given    TEXT NOT NULL DEFAULT '',
    family   TEXT NOT NULL DEFAULT '',
    email    TEXT NOT NULL DEFAULT '',
    external TEXT,
    user_name TEXT UNIQUE,
    active   BIGINT NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    version  BIGINT NOT NULL
);

-- What is true of a person from a day to another: team, contract, skill, absence, ramp-up.
CREATE TABLE person_fact (
    id       BIGINT NOT NULL PRIMARY KEY,
    person   TEXT NOT NULL REFERENCES person (id),
    kind     TEXT NOT NULL
        CHECK (kind IN ('membership', 'contract', 'skill', 'absence', 'ramp_up')),
    from_day TEXT NOT NULL,
    to_day   TEXT,
    json     TEXT NOT NULL,
    source   TEXT NOT NULL,
    version  BIGINT NOT NULL,
    CHECK (to_day IS NULL OR to_day >= from_day)
);
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
    last_step    BIGINT NOT NULL DEFAULT 0,
    status       TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    must_change  BIGINT NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1)),
    failures     BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
    locked_us    BIGINT,
    created_us   BIGINT NOT NULL,
    seen_us      BIGINT,
    version      BIGINT NOT NULL,
    UNIQUE (issuer, subject),
    CHECK ((issuer IS NULL) = (subject IS NULL)),
    -- An account of the identity provider has no local password path.
    CHECK (issuer IS NULL OR password IS NULL)
);

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
    version      BIGINT NOT NULL,
    CHECK (to_day IS NULL OR to_day >= from_day),
    CHECK (delegated_by IS NULL OR to_day IS NOT NULL)
);
CREATE INDEX role_grant_account ON role_grant (account);

-- Only the SHA-256 of what the browser holds is kept.
CREATE TABLE session (
    digest      TEXT NOT NULL PRIMARY KEY,
    account     TEXT REFERENCES account (id),
    data        TEXT NOT NULL,
    created_us  BIGINT NOT NULL,
    seen_us     BIGINT NOT NULL,
    expires_us  BIGINT NOT NULL
);
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
    created_us  BIGINT NOT NULL,
    expires_us  BIGINT NOT NULL,
    revoked_us  BIGINT,
    used_us     BIGINT
);

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
    opened_us       BIGINT NOT NULL,
    closed_by       TEXT,
    closed_us       BIGINT,
    reason          TEXT NOT NULL DEFAULT '',
    CHECK (to_day >= from_day),
    CHECK ((closed_by IS NULL) = (closed_us IS NULL))
);

CREATE TABLE purge (
    id      BIGINT NOT NULL PRIMARY KEY,
    at_us   BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    what    TEXT NOT NULL,
    before_day TEXT NOT NULL,
    removed BIGINT NOT NULL CHECK (removed >= 0),
    proof   TEXT NOT NULL
);

CREATE TABLE rehearsal (
    id        BIGINT NOT NULL PRIMARY KEY,
    at_us     BIGINT NOT NULL,
    backup    TEXT NOT NULL,
    backup_us BIGINT,
    ok        BIGINT NOT NULL CHECK (ok IN (0, 1)),
    seconds   DOUBLE PRECISION NOT NULL,
    details   TEXT NOT NULL
);

CREATE INDEX audit_entry_object ON audit_entry (object, seq);

CREATE FUNCTION purge_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the proof of a purge is kept'; END $$;
CREATE TRIGGER purge_is_never_changed BEFORE UPDATE ON purge
    FOR EACH ROW EXECUTE FUNCTION purge_is_never_changed();
CREATE FUNCTION purge_is_never_deleted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the proof of a purge is kept'; END $$;
CREATE TRIGGER purge_is_never_deleted BEFORE DELETE ON purge
    FOR EACH ROW EXECUTE FUNCTION purge_is_never_deleted();
CREATE FUNCTION gate_is_never_deleted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the record of a gate is kept'; END $$;
CREATE TRIGGER gate_is_never_deleted BEFORE DELETE ON gate
    FOR EACH ROW EXECUTE FUNCTION gate_is_never_deleted();
