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

/// Case identifiers, plain or as a dictionary: a case is one entry for many rows.
#[derive(Debug, Clone)]
enum CaseColumn {
    Text(StringArray),
    Dictionary(DictionaryArray<Int32Type>),
}

impl CaseColumn {
    fn read(batch: &RecordBatch) -> Result<Self, BatchError> {
        let array =
            batch.column_by_name(schema::CASE).ok_or(BatchError::Missing { name: schema::CASE })?;
        let wrong = || BatchError::Type { name: schema::CASE, found: array.data_type().clone() };
        if let Some(text) = array.as_any().downcast_ref::<StringArray>() {
            return Ok(CaseColumn::Text(text.clone()));
        }
        let dictionary = array.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
        dictionary.values().as_string_opt::<i32>().ok_or_else(wrong)?;
        Ok(CaseColumn::Dictionary(dictionary.clone()))
    }

    fn len(&self) -> usize {
        match self {
            CaseColumn::Text(text) => text.len(),
            CaseColumn::Dictionary(dictionary) => dictionary.len(),
        }
    }

    fn id(&self, row: usize) -> &str {
        match self {
            CaseColumn::Text(text) => text.value(row),
            CaseColumn::Dictionary(dictionary) => {
                let key = dictionary.keys().value(row) as usize;
                dictionary.values().as_string::<i32>().value(key)
            }
        }
    }

    /// Rows at which a case starts, and the number of rows.
    fn offsets(&self) -> Vec<usize> {
        let rows = self.len();
        if rows == 0 {
            return vec![0];
        }
        let mut offsets = vec![0];
        match self {
            CaseColumn::Text(text) => {
                offsets.extend((1..rows).filter(|&row| text.value(row) != text.value(row - 1)));
            }
            CaseColumn::Dictionary(dictionary) => {
                // Two keys may name one case where dictionaries were joined: the text decides.
                let keys = dictionary.keys().values();
                for (before, pair) in keys.windows(2).enumerate() {
                    if pair[0] != pair[1] && self.id(before) != self.id(before + 1) {
                        offsets.push(before + 1);
                    }
                }
            }
        }
        offsets.push(rows);
        offsets
    }
}

/// Rows of whole cases. Columns that were not asked for read as null.
#[derive(Debug, Clone)]
pub struct EventBatch {
    case: CaseColumn,
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
        let case = CaseColumn::read(batch)?;
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
        Ok(Self {
            offsets: case.offsets(),
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
        self.case.len() == 0
    }

    /// The cases, in order.
    pub fn cases(&self) -> impl Iterator<Item = CaseRows<'_>> {
        self.offsets.windows(2).map(|w| CaseRows { id: self.case.id(w[0]), rows: w[0]..w[1] })
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int32Array;
    use arrow_schema::{Field, Schema};

    use super::*;

    #[test]
    fn cases_read_alike_from_text_and_from_dictionaries_that_repeat_a_name() {
        let time = TimestampMicrosecondArray::from(vec![1, 2, 3, 4, 5]).with_timezone("UTC");
        let activity: ArrayRef = Arc::new(StringArray::from(vec!["a"; 5]));
        let plain: ArrayRef = Arc::new(StringArray::from(vec!["x", "x", "x", "y", "z"]));
        // Joined dictionaries may hold one name under two keys.
        let keys = Int32Array::from(vec![0, 3, 3, 1, 2]);
        let names = Arc::new(StringArray::from(vec!["x", "y", "z", "x"]));
        let joined = DictionaryArray::<Int32Type>::try_new(keys, names);
        let joined: ArrayRef = Arc::new(joined.unwrap_or_else(|e| panic!("{e}")));
        let read = |case: &ArrayRef| {
            let schema = Schema::new(vec![
                Field::new(schema::CASE, case.data_type().clone(), false),
                Field::new(schema::ACTIVITY, DataType::Utf8, false),
                Field::new(schema::TIME, schema::instant_type(), false),
            ]);
            let columns = vec![case.clone(), activity.clone(), Arc::new(time.clone()) as ArrayRef];
            let batch = RecordBatch::try_new(Arc::new(schema), columns);
            let batch = batch.unwrap_or_else(|e| panic!("{e}"));
            let events = EventBatch::new(&batch).unwrap_or_else(|e| panic!("{e}"));
            events.cases().map(|c| (c.id.to_owned(), c.rows)).collect::<Vec<_>>()
        };
        let wanted = [("x".to_owned(), 0..3), ("y".to_owned(), 3..4), ("z".to_owned(), 4..5)];
        assert_eq!(read(&plain), wanted);
        assert_eq!(read(&joined), wanted);
    }
}
