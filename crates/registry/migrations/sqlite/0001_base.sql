-- Schema 1. Instants are microseconds since 1970 UTC, days are ISO text, JSON and TOML are text.
-- The same tables exist for PostgreSQL with BIGINT for INTEGER.

CREATE TABLE sequence (
    name TEXT NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE process (
    id    TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL DEFAULT '',
    head  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE snapshot (
    id       INTEGER NOT NULL PRIMARY KEY,
    process  TEXT NOT NULL REFERENCES process (id),
    parent   INTEGER NOT NULL,
    cause    TEXT NOT NULL CHECK (cause IN ('import', 'undo', 'compaction')),
    delivery INTEGER,
    actor    TEXT NOT NULL,
    at_us    INTEGER NOT NULL,
    UNIQUE (process, parent)
) STRICT;

CREATE TABLE data_file (
    process    TEXT NOT NULL REFERENCES process (id),
    kind       TEXT NOT NULL CHECK (kind IN ('events', 'delivery', 'counts')),
    path       TEXT NOT NULL,
    added_in   INTEGER NOT NULL REFERENCES snapshot (id),
    retired_in INTEGER REFERENCES snapshot (id),
    month      TEXT,
    delivery   INTEGER NOT NULL,
    row_count  INTEGER NOT NULL CHECK (row_count >= 0),
    case_count INTEGER NOT NULL CHECK (case_count >= 0),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    sha256     TEXT NOT NULL,
    first_us   INTEGER,
    last_us    INTEGER,
    min_case   TEXT,
    max_case   TEXT,
    PRIMARY KEY (process, kind, path, added_in),
    CHECK (retired_in IS NULL OR retired_in > added_in)
) STRICT;
CREATE INDEX data_file_path ON data_file (path);
-- One role of one path is live at most once.
CREATE UNIQUE INDEX data_file_live ON data_file (process, kind, path) WHERE retired_in IS NULL;

CREATE TABLE delivery (
    id      INTEGER NOT NULL PRIMARY KEY,
    process TEXT NOT NULL
) STRICT;

CREATE TABLE import_record (
    id              INTEGER NOT NULL PRIMARY KEY REFERENCES delivery (id),
    process         TEXT NOT NULL REFERENCES process (id),
    org             TEXT,
    kind            TEXT NOT NULL CHECK (kind IN ('events', 'counts', 'contacts', 'staff', 'typed')),
    file_name       TEXT NOT NULL,
    source          TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    at_us           INTEGER NOT NULL,
    actor           TEXT NOT NULL,
    mapping_toml    TEXT,
    zone            TEXT,
    rows_read       INTEGER NOT NULL CHECK (rows_read >= 0),
    accepted        INTEGER NOT NULL CHECK (accepted >= 0),
    quarantined     INTEGER NOT NULL CHECK (quarantined >= 0),
    duplicates      INTEGER NOT NULL CHECK (duplicates >= 0),
    repeated        INTEGER NOT NULL CHECK (repeated >= 0),
    replaced        INTEGER NOT NULL CHECK (replaced >= 0),
    cases           INTEGER NOT NULL CHECK (cases >= 0),
    activities      INTEGER NOT NULL CHECK (activities >= 0),
    resources       INTEGER NOT NULL CHECK (resources >= 0),
    first_us        INTEGER,
    last_us         INTEGER,
    findings_json   TEXT NOT NULL,
    quarantine_path TEXT,
    replace_from    TEXT,
    replace_to      TEXT,
    snapshot        INTEGER NOT NULL REFERENCES snapshot (id),
    status          TEXT NOT NULL DEFAULT 'committed' CHECK (status IN ('committed', 'undone')),
    undone_us       INTEGER,
    undone_by       TEXT,
    undone_reason   TEXT,
    undone_in       INTEGER REFERENCES snapshot (id),
    CHECK ((replace_from IS NULL) = (replace_to IS NULL)),
    CHECK ((status = 'undone') = (undone_in IS NOT NULL))
) STRICT;
CREATE INDEX import_record_hash ON import_record (process, sha256, fingerprint);

CREATE TABLE mapping (
    name         TEXT NOT NULL PRIMARY KEY,
    process      TEXT NOT NULL,
    toml         TEXT NOT NULL,
    header       TEXT,
    file_pattern TEXT,
    actor        TEXT NOT NULL,
    at_us        INTEGER NOT NULL
) STRICT;
CREATE INDEX mapping_header ON mapping (header);

-- Every text of rules ever saved; toml is null when a version was removed.
CREATE TABLE config_revision (
    revision INTEGER NOT NULL PRIMARY KEY,
    process  TEXT NOT NULL REFERENCES process (id),
    from_day TEXT NOT NULL,
    toml     TEXT,
    actor    TEXT NOT NULL,
    at_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX config_revision_process ON config_revision (process, revision);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    json  TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE control_total (
    process TEXT NOT NULL,
    day     TEXT NOT NULL,
    stock   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    at_us   INTEGER NOT NULL,
    PRIMARY KEY (process, day)
) STRICT;

-- rank 1 closes the period, each later rank restates it.
CREATE TABLE publication (
    process          TEXT NOT NULL,
    from_day         TEXT NOT NULL,
    to_day           TEXT NOT NULL,
    rank             INTEGER NOT NULL CHECK (rank >= 1),
    snapshot         INTEGER NOT NULL,
    config_revision  INTEGER NOT NULL,
    figures_json     TEXT NOT NULL,
    reason           TEXT,
    differences_json TEXT,
    actor            TEXT NOT NULL,
    at_us            INTEGER NOT NULL,
    PRIMARY KEY (process, from_day, to_day, rank),
    CHECK ((rank = 1) = (reason IS NULL)),
    CHECK ((rank = 1) = (differences_json IS NULL))
) STRICT;

CREATE TABLE job (
    id               INTEGER NOT NULL PRIMARY KEY,
    kind             TEXT NOT NULL,
    process          TEXT,
    status           TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled', 'interrupted')),
    done             INTEGER NOT NULL DEFAULT 0,
    total            INTEGER NOT NULL DEFAULT 0,
    message_fr       TEXT NOT NULL,
    message_en       TEXT NOT NULL,
    result_json      TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    owner            TEXT NOT NULL,
    actor            TEXT NOT NULL,
    created_us       INTEGER NOT NULL,
    updated_us       INTEGER NOT NULL
) STRICT;
CREATE INDEX job_at_work ON job (owner) WHERE status IN ('queued', 'running');

CREATE TABLE audit_entry (
    seq       INTEGER NOT NULL PRIMARY KEY,
    at_us     INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT NOT NULL,
    details   TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;

-- The end of the chain, so that cutting off the last entries shows.
CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER audit_entry_is_never_changed BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_entry_is_never_deleted BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_is_never_deleted BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER config_revision_is_never_changed BEFORE UPDATE ON config_revision
BEGIN SELECT RAISE(ABORT, 'earlier rules are kept'); END;
CREATE TRIGGER config_revision_is_never_deleted BEFORE DELETE ON config_revision
BEGIN SELECT RAISE(ABORT, 'earlier rules are kept'); END;
CREATE TRIGGER publication_is_never_changed BEFORE UPDATE ON publication
BEGIN SELECT RAISE(ABORT, 'earlier publications are kept'); END;
CREATE TRIGGER publication_is_never_deleted BEFORE DELETE ON publication
BEGIN SELECT RAISE(ABORT, 'earlier publications are kept'); END;
CREATE TRIGGER import_record_is_never_deleted BEFORE DELETE ON import_record
BEGIN SELECT RAISE(ABORT, 'the ledger of imports is kept'); END;
