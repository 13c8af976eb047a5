//! Process map and variants as kernels over the event log.
