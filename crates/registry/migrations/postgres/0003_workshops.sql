-- What workshops write about a process: causes, target state; and the models cases are compared with.

CREATE TABLE workshop (
    process TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    actor   TEXT NOT NULL,
    at_us   BIGINT NOT NULL
);

CREATE TABLE reference_model (
    id      BIGINT NOT NULL PRIMARY KEY,
    process TEXT NOT NULL,
    name    TEXT NOT NULL,
    bpmn    TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    actor   TEXT NOT NULL,
    at_us   BIGINT NOT NULL
);

CREATE INDEX reference_model_process ON reference_model (process, id);
