//! Batches of events sorted by case then time, cut so that no case straddles two.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt8Array, cast::AsArray, types::Int32Type,
};
use arrow_schema::DataType;

use crate::{
    intern::{Interner, NONE},
    schema,
};

/// Why a record batch is not a batch of events.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A column every batch has is absent.
    #[error("column {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A column has an unexpected type.
    #[error("column {name} holds {found}, which is not what the event log stores")]
    Type {
        /// Its name.
        name: &'static str,
        /// The type found.
        found: DataType,
    },
}

/// A column of repeated names: codes into a small local table.
#[derive(Debug, Clone)]
pub struct NameColumn {
    array: Option<DictionaryArray<Int32Type>>,
}

impl NameColumn {
    /// Codes of the rows in the caller's interner, [`NONE`] for null.
    ///
    /// The table is interned once, so the cost per row is an array look-up.
    pub fn codes(&self, interner: &mut Interner, rows: usize) -> Vec<u32> {
        let Some(array) = &self.array else { return vec![NONE; rows] };
        let values = array.values().as_string::<i32>();
        // Only names that rows really use are interned: a dictionary may carry more.
        let mut map = vec![NONE; values.len()];
        let mut codes = Vec::with_capacity(rows);
        let keys = array.keys();
        for i in 0..array.len() {
            if keys.is_null(i) {
                codes.push(NONE);
                continue;
            }
            let key = keys.value(i) as usize;
            let code = match map.get(key) {
                Some(&NONE) => {
                    let code = interner.code(values.value(key));
                    if let Some(slot) = map.get_mut(key) {
                        *slot = code;
                    }
                    code
                }
                Some(&code) => code,
                None => NONE,
            };
            codes.push(code);
        }
        codes
    }

    /// Name of one row.
    pub fn name(&self, row: usize) -> Option<&str> {
        let array = self.array.as_ref()?;
        if array.is_null(row) {
            return None;
        }
        let key = array.keys().value(row) as usize;
        Some(array.values().as_string::<i32>().value(key))
    }
}

/// Rows of whole cases. Columns that were not asked for read as null.
#[derive(Debug, Clone)]
pub struct EventBatch {
    case: StringArray,
    offsets: Vec<usize>,
    /// Activity names.
    pub activity: NameColumn,
    time: TimestampMicrosecondArray,
    start: Option<TimestampMicrosecondArray>,
    precision: UInt8Array,
    /// Lifecycle transitions.
    pub lifecycle: NameColumn,
    /// Resource pseudonyms.
    pub resource: NameColumn,
    /// Organisations.
    pub org: NameColumn,
    /// Units.
    pub unit: NameColumn,
    /// Products.
    pub product: NameColumn,
    /// Channels.
    pub channel: NameColumn,
    attributes: Option<StringArray>,
    seq: Option<Int64Array>,
    delivery: Option<Int64Array>,
}

/// One case of a batch: its identifier and the rows it covers.
#[derive(Debug, Clone)]
pub struct CaseRows<'a> {
    /// Identifier as delivered.
    pub id: &'a str,
    /// Its rows, in time order.
    pub rows: Range<usize>,
}

impl EventBatch {
    /// Reads a record batch sorted by case; the caller guarantees whole cases.
    pub fn new(batch: &RecordBatch) -> Result<Self, BatchError> {
        let case = text(batch, schema::CASE)?.ok_or(BatchError::Missing { name: schema::CASE })?;
        let time =
            instants(batch, schema::TIME)?.ok_or(BatchError::Missing { name: schema::TIME })?;
        let precision = match batch.column_by_name(schema::PRECISION) {
            None => UInt8Array::from(vec![0; batch.num_rows()]),
            Some(a) => a.as_any().downcast_ref::<UInt8Array>().cloned().ok_or_else(|| {
                BatchError::Type { name: schema::PRECISION, found: a.data_type().clone() }
            })?,
        };
        let activity = names(batch, schema::ACTIVITY)?;
        if activity.array.is_none() {
            return Err(BatchError::Missing { name: schema::ACTIVITY });
        }
        let mut offsets = vec![0];
        for row in 1..case.len() {
            if case.value(row) != case.value(row - 1) {
                offsets.push(row);
            }
        }
        if !case.is_empty() {
            offsets.push(case.len());
        }
        Ok(Self {
            offsets,
            activity,
            time,
            start: instants(batch, schema::START)?,
            precision,
            lifecycle: names(batch, schema::LIFECYCLE)?,
            resource: names(batch, schema::RESOURCE)?,
            org: names(batch, schema::ORG)?,
            unit: names(batch, schema::UNIT)?,
            product: names(batch, schema::PRODUCT)?,
            channel: names(batch, schema::CHANNEL)?,
            attributes: text(batch, schema::ATTRIBUTES)?,
            seq: integers(batch, schema::SEQ)?,
            delivery: integers(batch, schema::DELIVERY)?,
            case,
        })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.case.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.case.is_empty()
    }

    /// The cases, in order.
    pub fn cases(&self) -> impl Iterator<Item = CaseRows<'_>> {
        self.offsets.windows(2).map(|w| CaseRows { id: self.case.value(w[0]), rows: w[0]..w[1] })
    }

    /// Instants of the rows, microseconds since 1970 UTC.
    pub fn times(&self) -> &[i64] {
        self.time.values()
    }

    /// Start of a row's task, when it has one.
    pub fn start(&self, row: usize) -> Option<i64> {
        self.start.as_ref().filter(|a| a.is_valid(row)).map(|a| a.value(row))
    }

    /// Whether the rows are civil days rather than instants.
    pub fn precision(&self, row: usize) -> schema::Precision {
        schema::Precision::from_code(self.precision.value(row))
    }

    /// JSON attributes of a row.
    pub fn attributes(&self, row: usize) -> Option<&str> {
        self.attributes.as_ref().filter(|a| a.is_valid(row)).map(|a| a.value(row))
    }

    /// Rank in the delivery.
    pub fn seq(&self, row: usize) -> Option<i64> {
        self.seq.as_ref().map(|a| a.value(row))
    }

    /// Delivery number.
    pub fn delivery(&self, row: usize) -> Option<i64> {
        self.delivery.as_ref().map(|a| a.value(row))
    }
}

fn text(batch: &RecordBatch, name: &'static str) -> Result<Option<StringArray>, BatchError> {
    batch
        .column_by_name(name)
        .map(|a| {
            a.as_any()
                .downcast_ref::<StringArray>()
                .cloned()
                .ok_or_else(|| BatchError::Type { name, found: a.data_type().clone() })
        })
        .transpose()
}

fn instants(
    batch: &RecordBatch,
    name: &'static str,
) -> Result<Option<TimestampMicrosecondArray>, BatchError> {
    batch
        .column_by_name(name)
        .map(|a| {
            a.as_any()
                .downcast_ref::<TimestampMicrosecondArray>()
                .cloned()
                .ok_or_else(|| BatchError::Type { name, found: a.data_type().clone() })
        })
        .transpose()
}

fn integers(batch: &RecordBatch, name: &'static str) -> Result<Option<Int64Array>, BatchError> {
    batch
        .column_by_name(name)
        .map(|a| {
            a.as_any()
                .downcast_ref::<Int64Array>()
                .cloned()
                .ok_or_else(|| BatchError::Type { name, found: a.data_type().clone() })
        })
        .transpose()
}

/// A name column, whether the reader gave a dictionary or plain text.
fn names(batch: &RecordBatch, name: &'static str) -> Result<NameColumn, BatchError> {
    let Some(array) = batch.column_by_name(name) else { return Ok(NameColumn { array: None }) };
    let wrong = || BatchError::Type { name, found: array.data_type().clone() };
    let dictionary: ArrayRef = match array.data_type() {
        DataType::Dictionary(_, _) => array.clone(),
        _ => arrow::compute::cast(
            array,
            &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        )
        .map_err(|_| wrong())?,
    };
    let array = dictionary
        .as_any()
        .downcast_ref::<DictionaryArray<Int32Type>>()
        .cloned()
        .ok_or_else(wrong)?;
    Ok(NameColumn { array: Some(array) })
}
