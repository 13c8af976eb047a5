//! Parquet partitions of cases; runs kernels over a snapshot; writes files atomically.
