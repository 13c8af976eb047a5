//! Entry points: look at a file, then read it by its mapping.
//!
//! Formats plug in here. A structured format `F` offers, in its own module,
//! `inspect(path, name, &Hints) -> Result<Preview, IngestError>` and
//! `read_events(path, &Mapping, &mut Context, &mut dyn EventSink) -> Result<EventReport, IngestError>`;
//! a table format offers `open(path, name, &Mapping, Limits) -> Result<Box<dyn RowSource>, IngestError>`.
