-- What workshops write about a process: causes, target state; and the models cases are compared with.

CREATE TABLE workshop (
    process TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    actor   TEXT NOT NULL,
    at_us   INTEGER NOT NULL
) STRICT;

CREATE TABLE reference_model (
    id      INTEGER NOT NULL PRIMARY KEY,
    process TEXT NOT NULL,
    name    TEXT NOT NULL,
    bpmn    TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    actor   TEXT NOT NULL,
    at_us   INTEGER NOT NULL
) STRICT;

CREATE INDEX reference_model_process ON reference_model (process, id);
