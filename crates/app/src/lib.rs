//! Use cases of the product, one file per noun: joins ingest, lake, registry and the compute rooms.
