-- Schema 1, the same tables as for SQLite with BIGINT for INTEGER. Every TEXT column is compared
-- byte by byte, as on SQLite: the program adds the collation "C" when it runs this file.

CREATE TABLE sequence (
    name TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE process (
    id    TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL DEFAULT '',
    head  BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE snapshot (
    id       BIGINT NOT NULL PRIMARY KEY,
    process  TEXT NOT NULL REFERENCES process (id),
    parent   BIGINT NOT NULL,
    cause    TEXT NOT NULL CHECK (cause IN ('import', 'undo', 'compaction')),
    delivery BIGINT,
    actor    TEXT NOT NULL,
    at_us    BIGINT NOT NULL,
    UNIQUE (process, parent)
);

CREATE TABLE data_file (
    process    TEXT NOT NULL REFERENCES process (id),
    kind       TEXT NOT NULL CHECK (kind IN ('events', 'delivery', 'counts')),
    path       TEXT NOT NULL,
    added_in   BIGINT NOT NULL REFERENCES snapshot (id),
    retired_in BIGINT REFERENCES snapshot (id),
    month      TEXT,
    delivery   BIGINT NOT NULL,
    row_count  BIGINT NOT NULL CHECK (row_count >= 0),
    case_count BIGINT NOT NULL CHECK (case_count >= 0),
    bytes      BIGINT NOT NULL CHECK (bytes >= 0),
    sha256     TEXT NOT NULL,
    first_us   BIGINT,
    last_us    BIGINT,
    min_case   TEXT,
    max_case   TEXT,
    PRIMARY KEY (process, kind, path, added_in),
    CHECK (retired_in IS NULL OR retired_in > added_in)
);
CREATE INDEX data_file_path ON data_file (path);
-- One role of one path is live at most once.
CREATE UNIQUE INDEX data_file_live ON data_file (process, kind, path) WHERE retired_in IS NULL;

CREATE TABLE delivery (
    id      BIGINT NOT NULL PRIMARY KEY,
    process TEXT NOT NULL
);

CREATE TABLE import_record (
    id              BIGINT NOT NULL PRIMARY KEY REFERENCES delivery (id),
    process         TEXT NOT NULL REFERENCES process (id),
    org             TEXT,
    kind            TEXT NOT NULL CHECK (kind IN ('events', 'counts', 'contacts', 'staff', 'typed')),
    file_name       TEXT NOT NULL,
    source          TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    at_us           BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    mapping_toml    TEXT,
    zone            TEXT,
    rows_read       BIGINT NOT NULL CHECK (rows_read >= 0),
    accepted        BIGINT NOT NULL CHECK (accepted >= 0),
    quarantined     BIGINT NOT NULL CHECK (quarantined >= 0),
    duplicates      BIGINT NOT NULL CHECK (duplicates >= 0),
    repeated        BIGINT NOT NULL CHECK (repeated >= 0),
    replaced        BIGINT NOT NULL CHECK (replaced >= 0),
    cases           BIGINT NOT NULL CHECK (cases >= 0),
    activities      BIGINT NOT NULL CHECK (activities >= 0),
    resources       BIGINT NOT NULL CHECK (resources >= 0),
    first_us        BIGINT,
    last_us         BIGINT,
    findings_json   TEXT NOT NULL,
    quarantine_path TEXT,
    replace_from    TEXT,
    replace_to      TEXT,
    snapshot        BIGINT NOT NULL REFERENCES snapshot (id),
    status          TEXT NOT NULL DEFAULT 'committed' CHECK (status IN ('committed', 'undone')),
    undone_us       BIGINT,
    undone_by       TEXT,
    undone_reason   TEXT,
    undone_in       BIGINT REFERENCES snapshot (id),
    CHECK ((replace_from IS NULL) = (replace_to IS NULL)),
    CHECK ((status = 'undone') = (undone_in IS NOT NULL))
);
CREATE INDEX import_record_hash ON import_record (process, sha256, fingerprint);

CREATE TABLE mapping (
    name         TEXT NOT NULL PRIMARY KEY,
    process      TEXT NOT NULL,
    toml         TEXT NOT NULL,
    header       TEXT,
    file_pattern TEXT,
    actor        TEXT NOT NULL,
    at_us        BIGINT NOT NULL
);
CREATE INDEX mapping_header ON mapping (header);

-- Every text of rules ever saved; toml is null when a version was removed.
CREATE TABLE config_revision (
    revision BIGINT NOT NULL PRIMARY KEY,
    process  TEXT NOT NULL REFERENCES process (id),
    from_day TEXT NOT NULL,
    toml     TEXT,
    actor    TEXT NOT NULL,
    at_us    BIGINT NOT NULL
);
CREATE INDEX config_revision_process ON config_revision (process, revision);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    json  TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_us BIGINT NOT NULL
);

CREATE TABLE control_total (
    process TEXT NOT NULL,
    day     TEXT NOT NULL,
    stock   BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    at_us   BIGINT NOT NULL,
    PRIMARY KEY (process, day)
);

-- rank 1 closes the period, each later rank restates it.
CREATE TABLE publication (
    process          TEXT NOT NULL,
    from_day         TEXT NOT NULL,
    to_day           TEXT NOT NULL,
    rank             BIGINT NOT NULL CHECK (rank >= 1),
    snapshot         BIGINT NOT NULL,
    config_revision  BIGINT NOT NULL,
    figures_json     TEXT NOT NULL,
    reason           TEXT,
    differences_json TEXT,
    actor            TEXT NOT NULL,
    at_us            BIGINT NOT NULL,
    PRIMARY KEY (process, from_day, to_day, rank),
    CHECK ((rank = 1) = (reason IS NULL)),
    CHECK ((rank = 1) = (differences_json IS NULL))
);

CREATE TABLE job (
    id               BIGINT NOT NULL PRIMARY KEY,
    kind             TEXT NOT NULL,
    process          TEXT,
    status           TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled', 'interrupted')),
    done             BIGINT NOT NULL DEFAULT 0,
    total            BIGINT NOT NULL DEFAULT 0,
    message_fr       TEXT NOT NULL,
    message_en       TEXT NOT NULL,
    result_json      TEXT,
    cancel_requested BIGINT NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    owner            TEXT NOT NULL,
    actor            TEXT NOT NULL,
    created_us       BIGINT NOT NULL,
    updated_us       BIGINT NOT NULL
);
CREATE INDEX job_at_work ON job (owner) WHERE status IN ('queued', 'running');

CREATE TABLE audit_entry (
    seq       BIGINT NOT NULL PRIMARY KEY,
    at_us     BIGINT NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT NOT NULL,
    details   TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
);

-- The end of the chain, so that cutting off the last entries shows.
CREATE TABLE audit_head (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Refuses whatever fired it, with the reason given by the trigger.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER audit_entry_is_never_changed BEFORE UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse('the audit log is append-only');
CREATE TRIGGER audit_entry_is_never_deleted BEFORE DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse('the audit log is append-only');
CREATE TRIGGER audit_head_is_never_deleted BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION refuse('the audit log is append-only');
CREATE TRIGGER config_revision_is_never_changed BEFORE UPDATE ON config_revision
    FOR EACH ROW EXECUTE FUNCTION refuse('earlier rules are kept');
CREATE TRIGGER config_revision_is_never_deleted BEFORE DELETE ON config_revision
    FOR EACH ROW EXECUTE FUNCTION refuse('earlier rules are kept');
CREATE TRIGGER publication_is_never_changed BEFORE UPDATE ON publication
    FOR EACH ROW EXECUTE FUNCTION refuse('earlier publications are kept');
CREATE TRIGGER publication_is_never_deleted BEFORE DELETE ON publication
    FOR EACH ROW EXECUTE FUNCTION refuse('earlier publications are kept');
CREATE TRIGGER import_record_is_never_deleted BEFORE DELETE ON import_record
    FOR EACH ROW EXECUTE FUNCTION refuse('the ledger of imports is kept');
-- SQLite has no TRUNCATE; here it would pass by the triggers on rows.
CREATE TRIGGER audit_entry_is_never_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the audit log is append-only');
CREATE TRIGGER audit_head_is_never_emptied BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the audit log is append-only');
CREATE TRIGGER config_revision_is_never_emptied BEFORE TRUNCATE ON config_revision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('earlier rules are kept');
CREATE TRIGGER publication_is_never_emptied BEFORE TRUNCATE ON publication
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('earlier publications are kept');
CREATE TRIGGER import_record_is_never_emptied BEFORE TRUNCATE ON import_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the ledger of imports is kept');
