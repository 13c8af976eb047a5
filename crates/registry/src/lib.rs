//! Operational state on SQLite: catalogue, imports, configuration, audit.
