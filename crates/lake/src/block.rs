//! Sorted rows in memory: blocks read from runs and files, rows gathered for writing.
//!
//! Names are spoken of by number in one table per column, so that sorting and
//! merging move integers. A column with too many distinct names is moved as text.

use std::sync::Arc;

use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt8Array,
    builder::{ArrayBuilder, StringBuilder},
    cast::AsArray,
    types::{Int32Type, Int64Type, TimestampMicrosecondType, UInt8Type},
};
use arrow_schema::DataType;
use eclusier_eventlog::{Interner, schema};

use crate::LakeError;

/// Columns of names, in the order of the schema.
pub(crate) const NAMES: [&str; 7] = [
    schema::ACTIVITY,
    schema::LIFECYCLE,
    schema::RESOURCE,
    schema::ORG,
    schema::UNIT,
    schema::PRODUCT,
    schema::CHANNEL,
];

/// Key of "no name".
const NULL: i32 = -1;

/// Beyond this, a column is not a column of names: it is moved as text.
const MOST_NAMES: usize = 50_000;
const MOST_NAME_BYTES: usize = 8 << 20;

/// The tables of names of one job.
#[derive(Debug, Default)]
pub(crate) struct Names {
    tables: [Table; 7],
}

#[derive(Debug, Default)]
struct Table {
    interner: Interner,
    bytes: usize,
    wide: bool,
    values: Option<ArrayRef>,
}

impl Table {
    fn key(&mut self, name: &str) -> i32 {
        let before = self.interner.len();
        let key = self.interner.code(name);
        if self.interner.len() > before {
            self.bytes += name.len();
            self.values = None;
            self.wide = self.interner.len() > MOST_NAMES || self.bytes > MOST_NAME_BYTES;
        }
        i32::try_from(key).unwrap_or(NULL)
    }

    fn name(&self, key: i32) -> Option<&str> {
        u32::try_from(key).ok().map(|key| self.interner.name(key))
    }
}

impl Names {
    /// The tables as arrays, for writing dictionaries.
    pub(crate) fn values(&mut self) -> [ArrayRef; 7] {
        self.tables.each_mut().map(|table| {
            let Table { interner, values, .. } = table;
            values
                .get_or_insert_with(|| {
                    Arc::new(StringArray::from_iter_values(interner.names())) as ArrayRef
                })
                .clone()
        })
    }

    /// Reads a column of names, plain or as a dictionary.
    pub(crate) fn column(&mut self, index: usize, array: &ArrayRef) -> Result<Name, LakeError> {
        if array.null_count() == array.len() {
            return Ok(Name::Absent);
        }
        let Some(table) = self.tables.get_mut(index) else {
            return Err(LakeError::Internal { what: "a column of names out of range" });
        };
        match array.data_type() {
            // Keys of this very table, read back from a spilled run.
            DataType::Int32 => {
                let keys = array.as_primitive::<Int32Type>();
                Ok(Name::Keys(keys.iter().map(|k| k.unwrap_or(NULL)).collect()))
            }
            DataType::Utf8 => {
                let text = array.as_string::<i32>();
                if table.wide {
                    return Ok(Name::Text(text.clone()));
                }
                let mut last: (&str, i32) = ("", NULL);
                let keys = (0..text.len()).map(|row| {
                    if text.is_null(row) {
                        return NULL;
                    }
                    let name = text.value(row);
                    if last.1 == NULL || last.0 != name {
                        last = (name, table.key(name));
                    }
                    last.1
                });
                Ok(Name::Keys(keys.collect()))
            }
            DataType::Dictionary(_, _) => {
                let wrong = || LakeError::Schema {
                    column: NAMES.get(index).copied().unwrap_or_default().to_owned(),
                    found: Some(array.data_type().clone()),
                    wanted: DataType::Utf8,
                };
                let array = array.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
                let names = array.values().as_string_opt::<i32>().ok_or_else(wrong)?;
                if table.wide {
                    let text: StringArray = (0..array.len())
                        .map(|row| array.key(row).map(|key| names.value(key)))
                        .collect();
                    return Ok(Name::Text(text));
                }
                let mut map = vec![NULL; names.len()];
                let keys = (0..array.len()).map(|row| {
                    let Some(key) = array.key(row) else { return NULL };
                    match map.get_mut(key) {
                        Some(slot) => {
                            if *slot == NULL {
                                *slot = table.key(names.value(key));
                            }
                            *slot
                        }
                        None => NULL,
                    }
                });
                Ok(Name::Keys(keys.collect()))
            }
            other => Err(LakeError::Schema {
                column: NAMES.get(index).copied().unwrap_or_default().to_owned(),
                found: Some(other.clone()),
                wanted: DataType::Utf8,
            }),
        }
    }

    pub(crate) fn name(&self, index: usize, key: i32) -> Option<&str> {
        self.tables.get(index).and_then(|t| t.name(key))
    }

    /// Whether a column is moved as text.
    pub(crate) fn is_wide(&self, index: usize) -> bool {
        self.tables.get(index).is_some_and(|t| t.wide)
    }
}

/// A column of names of a block.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    /// Every row is null.
    Absent,
    /// Keys in the job's table.
    Keys(Vec<i32>),
    /// Text, for columns with too many distinct names.
    Text(StringArray),
}

/// Who brought the rows of a block.
#[derive(Debug, Clone)]
pub(crate) enum Bringer {
    /// One delivery.
    One(i64),
    /// Row by row.
    Each(ScalarBuffer<i64>),
}

impl Bringer {
    pub(crate) fn of(&self, row: usize) -> i64 {
        match self {
            Bringer::One(delivery) => *delivery,
            Bringer::Each(rows) => rows.get(row).copied().unwrap_or(0),
        }
    }
}

/// Rows sorted by case, time, delivery and sequence.
#[derive(Debug)]
pub(crate) struct Block {
    /// One identifier per case, in order.
    pub(crate) cases: StringArray,
    /// Row at which each case starts, and the number of rows.
    pub(crate) starts: Vec<u32>,
    pub(crate) time: ScalarBuffer<i64>,
    pub(crate) start: Option<TimestampMicrosecondArray>,
    pub(crate) precision: ScalarBuffer<u8>,
    pub(crate) names: [Name; 7],
    pub(crate) attributes: Option<StringArray>,
    pub(crate) seq: ScalarBuffer<i64>,
    pub(crate) delivery: Bringer,
}

/// A column that must be there with its type, without nulls.
fn required<'b>(
    batch: &'b RecordBatch,
    name: &'static str,
    wanted: &DataType,
) -> Result<&'b ArrayRef, LakeError> {
    let wrong =
        |found| LakeError::Schema { column: name.to_owned(), found, wanted: wanted.clone() };
    let array = batch.column_by_name(name).ok_or_else(|| wrong(None))?;
    if array.data_type() != wanted {
        return Err(wrong(Some(array.data_type().clone())));
    }
    if array.null_count() > 0 {
        return Err(LakeError::Nulls { column: name, nulls: array.null_count() });
    }
    Ok(array)
}

/// The columns every batch has, whatever form its names and cases take.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) time: ScalarBuffer<i64>,
    pub(crate) start: Option<TimestampMicrosecondArray>,
    pub(crate) precision: ScalarBuffer<u8>,
    pub(crate) names: [Name; 7],
    pub(crate) attributes: Option<StringArray>,
    pub(crate) seq: ScalarBuffer<i64>,
}

impl Columns {
    pub(crate) fn read(batch: &RecordBatch, names: &mut Names) -> Result<Self, LakeError> {
        let instant = schema::instant_type();
        let time = required(batch, schema::TIME, &instant)?
            .as_primitive::<TimestampMicrosecondType>()
            .values()
            .clone();
        let optional = |name: &'static str, wanted: &DataType| match batch.column_by_name(name) {
            Some(a) if a.data_type() == wanted => Ok((a.null_count() < a.len()).then_some(a)),
            found => Err(LakeError::Schema {
                column: name.to_owned(),
                found: found.map(|a| a.data_type().clone()),
                wanted: wanted.clone(),
            }),
        };
        let start = optional(schema::START, &instant)?
            .map(|a| a.as_primitive::<TimestampMicrosecondType>().clone());
        let attributes =
            optional(schema::ATTRIBUTES, &DataType::Utf8)?.map(|a| a.as_string::<i32>().clone());
        let precision = required(batch, schema::PRECISION, &DataType::UInt8)?
            .as_primitive::<UInt8Type>()
            .values()
            .clone();
        let seq = required(batch, schema::SEQ, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .values()
            .clone();
        let mut columns = [const { Name::Absent }; 7];
        for (index, (slot, name)) in columns.iter_mut().zip(NAMES).enumerate() {
            let array = batch.column_by_name(name).ok_or_else(|| LakeError::Schema {
                column: name.to_owned(),
                found: None,
                wanted: DataType::Utf8,
            })?;
            if index == 0 && array.null_count() > 0 {
                return Err(LakeError::Nulls {
                    column: schema::ACTIVITY,
                    nulls: array.null_count(),
                });
            }
            *slot = names.column(index, array)?;
        }
        Ok(Self { time, start, precision, names: columns, attributes, seq })
    }
}

/// The case column, plain or as a dictionary.
pub(crate) enum CaseColumn<'b> {
    Plain(&'b StringArray),
    Dictionary(&'b Int32Array, &'b StringArray),
}

impl<'b> CaseColumn<'b> {
    pub(crate) fn read(batch: &'b RecordBatch) -> Result<Self, LakeError> {
        let wrong = |found: Option<&ArrayRef>| LakeError::Schema {
            column: schema::CASE.to_owned(),
            found: found.map(|a| a.data_type().clone()),
            wanted: DataType::Utf8,
        };
        let array = batch.column_by_name(schema::CASE).ok_or_else(|| wrong(None))?;
        if array.null_count() > 0 {
            return Err(LakeError::Nulls { column: schema::CASE, nulls: array.null_count() });
        }
        if let Some(plain) = array.as_string_opt::<i32>() {
            return Ok(CaseColumn::Plain(plain));
        }
        let dictionary =
            array.as_dictionary_opt::<Int32Type>().ok_or_else(|| wrong(Some(array)))?;
        let values =
            dictionary.values().as_string_opt::<i32>().ok_or_else(|| wrong(Some(array)))?;
        Ok(CaseColumn::Dictionary(dictionary.keys(), values))
    }

    pub(crate) fn value(&self, row: usize) -> &'b str {
        match self {
            CaseColumn::Plain(text) => text.value(row),
            CaseColumn::Dictionary(keys, values) => {
                values.value(usize::try_from(keys.value(row)).unwrap_or(0))
            }
        }
    }

    /// Rows at which a case starts.
    pub(crate) fn starts(&self, rows: usize) -> Vec<u32> {
        let mut starts = Vec::new();
        let mut last: Option<&str> = None;
        let mut last_key = NULL;
        for row in 0..rows {
            if let CaseColumn::Dictionary(keys, _) = self {
                let key = keys.value(row);
                if key == last_key {
                    continue;
                }
                last_key = key;
            }
            let case = self.value(row);
            if last != Some(case) {
                starts.push(u32::try_from(row).unwrap_or(u32::MAX));
                last = Some(case);
            }
        }
        starts
    }
}

impl Block {
    /// Reads a batch that is already sorted. `delivery` is who brought it when no column says so.
    pub(crate) fn from_batch(
        batch: &RecordBatch,
        names: &mut Names,
        delivery: Option<i64>,
    ) -> Result<Self, LakeError> {
        let rows = batch.num_rows();
        let column = CaseColumn::read(batch)?;
        let mut starts = column.starts(rows);
        let cases =
            StringArray::from_iter_values(starts.iter().map(|&row| column.value(row as usize)));
        starts.push(u32::try_from(rows).unwrap_or(u32::MAX));
        let delivery = match delivery {
            Some(one) => Bringer::One(one),
            None => Bringer::Each(
                required(batch, schema::DELIVERY, &DataType::Int64)?
                    .as_primitive::<Int64Type>()
                    .values()
                    .clone(),
            ),
        };
        let Columns { time, start, precision, names, attributes, seq } =
            Columns::read(batch, names)?;
        Ok(Self { cases, starts, time, start, precision, names, attributes, seq, delivery })
    }

    /// Rows.
    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    /// Name of a row in one of the columns of names.
    pub(crate) fn name<'a>(
        &'a self,
        index: usize,
        row: usize,
        names: &'a Names,
    ) -> Option<&'a str> {
        match self.names.get(index)? {
            Name::Absent => None,
            Name::Keys(keys) => names.name(index, keys.get(row).copied()?),
            Name::Text(text) => text.is_valid(row).then(|| text.value(row)),
        }
    }
}

/// Rows gathered one stretch at a time, to be written together.
#[derive(Debug)]
pub(crate) struct Rows {
    cases: StringBuilder,
    case_keys: Vec<i32>,
    time: Vec<i64>,
    start: Vec<Option<i64>>,
    precision: Vec<u8>,
    names: [Gathered; 7],
    attributes: Option<StringBuilder>,
    seq: Vec<i64>,
    delivery: Vec<i64>,
    bytes: usize,
}

#[derive(Debug)]
enum Gathered {
    /// So many nulls so far.
    Absent,
    Keys(Vec<i32>),
    Text(StringBuilder),
}

/// Bytes of a row, its texts apart.
const ROW_BYTES: usize = 4 + 8 + 16 + 1 + 28 + 8 + 8;

impl Default for Rows {
    fn default() -> Self {
        Self {
            cases: StringBuilder::new(),
            case_keys: Vec::new(),
            time: Vec::new(),
            start: Vec::new(),
            precision: Vec::new(),
            names: [const { Gathered::Absent }; 7],
            attributes: None,
            seq: Vec::new(),
            delivery: Vec::new(),
            bytes: 0,
        }
    }
}

impl Rows {
    /// Rows gathered.
    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    /// Bytes held, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Opens a case: the next rows are its own.
    pub(crate) fn open_case(&mut self, case: &str) {
        self.cases.append_value(case);
        self.bytes += case.len() + 4;
    }

    /// Adds a stretch of rows of the open case.
    pub(crate) fn push(&mut self, block: &Block, from: usize, to: usize, names: &Names) {
        let before = self.len();
        let rows = to.saturating_sub(from);
        let case = i32::try_from(self.cases.len().saturating_sub(1)).unwrap_or(0);
        self.case_keys.extend(std::iter::repeat_n(case, rows));
        self.time.extend_from_slice(&block.time[from..to]);
        match &block.start {
            Some(array) => {
                self.start.resize(before, None);
                self.start
                    .extend((from..to).map(|row| array.is_valid(row).then(|| array.value(row))));
            }
            None if self.start.is_empty() => {}
            None => self.start.resize(before + rows, None),
        }
        self.precision.extend_from_slice(&block.precision[from..to]);
        for (index, (slot, column)) in self.names.iter_mut().zip(&block.names).enumerate() {
            slot.push(column, from, to, before, |key| names.name(index, key));
        }
        if let Some(array) = &block.attributes {
            let builder = self.attributes.get_or_insert_with(|| {
                let mut builder = StringBuilder::new();
                builder.append_nulls(before);
                builder
            });
            for row in from..to {
                if array.is_valid(row) {
                    let text = array.value(row);
                    self.bytes += text.len();
                    builder.append_value(text);
                } else {
                    builder.append_null();
                }
            }
        } else if let Some(builder) = &mut self.attributes {
            builder.append_nulls(rows);
        }
        self.seq.extend_from_slice(&block.seq[from..to]);
        match &block.delivery {
            Bringer::One(one) => self.delivery.extend(std::iter::repeat_n(*one, rows)),
            Bringer::Each(each) => self.delivery.extend_from_slice(&each[from..to]),
        }
        self.bytes += rows * ROW_BYTES;
    }

    /// The columns, in the order of the schema. `values` are the tables of names.
    pub(crate) fn into_columns(
        mut self,
        values: &[ArrayRef; 7],
    ) -> Result<Vec<ArrayRef>, LakeError> {
        let rows = self.len();
        let case: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(
            Int32Array::from(self.case_keys),
            Arc::new(self.cases.finish()),
        )?);
        let time = TimestampMicrosecondArray::from(self.time).with_timezone("UTC");
        let start = if self.start.is_empty() {
            TimestampMicrosecondArray::new_null(rows)
        } else {
            TimestampMicrosecondArray::from(self.start)
        };
        let mut names = Vec::with_capacity(7);
        for (gathered, values) in self.names.into_iter().zip(values) {
            names.push(gathered.into_array(rows, values)?);
        }
        let attributes: ArrayRef = match self.attributes {
            Some(mut builder) => Arc::new(builder.finish()),
            None => Arc::new(StringArray::new_null(rows)),
        };
        let mut names = names.into_iter();
        let activity = names.next();
        let mut columns: Vec<ArrayRef> = vec![case];
        columns.extend(activity);
        columns.push(Arc::new(time));
        columns.push(Arc::new(start.with_timezone("UTC")));
        columns.push(Arc::new(UInt8Array::from(self.precision)));
        columns.extend(names);
        columns.push(attributes);
        columns.push(Arc::new(Int64Array::from(self.seq)));
        columns.push(Arc::new(Int64Array::from(self.delivery)));
        Ok(columns)
    }
}

impl Gathered {
    fn push<'n>(
        &mut self,
        column: &Name,
        from: usize,
        to: usize,
        before: usize,
        name: impl Fn(i32) -> Option<&'n str>,
    ) {
        if let (Gathered::Absent, Name::Keys(_) | Name::Text(_)) = (&*self, column) {
            *self = match column {
                Name::Text(_) => {
                    let mut builder = StringBuilder::new();
                    builder.append_nulls(before);
                    Gathered::Text(builder)
                }
                _ => Gathered::Keys(vec![NULL; before]),
            };
        }
        if let (Gathered::Keys(keys), Name::Text(_)) = (&*self, column) {
            let mut builder = StringBuilder::new();
            for &key in keys {
                builder.append_option(name(key));
            }
            *self = Gathered::Text(builder);
        }
        match (self, column) {
            (Gathered::Absent, _) => {}
            (Gathered::Keys(keys), Name::Keys(more)) => keys.extend_from_slice(&more[from..to]),
            (Gathered::Keys(keys), _) => keys.resize(keys.len() + (to - from), NULL),
            (Gathered::Text(builder), Name::Text(text)) => {
                for row in from..to {
                    builder.append_option(text.is_valid(row).then(|| text.value(row)));
                }
            }
            (Gathered::Text(builder), Name::Keys(keys)) => {
                for &key in &keys[from..to] {
                    builder.append_option(name(key));
                }
            }
            (Gathered::Text(builder), Name::Absent) => builder.append_nulls(to - from),
        }
    }

    fn into_array(self, rows: usize, values: &ArrayRef) -> Result<ArrayRef, LakeError> {
        Ok(match self {
            Gathered::Absent => Arc::new(StringArray::new_null(rows)),
            Gathered::Keys(keys) => Arc::new(DictionaryArray::<Int32Type>::try_new(
                nullable_keys(keys),
                values.clone(),
            )?),
            Gathered::Text(mut builder) => Arc::new(builder.finish()),
        })
    }
}

/// Keys as an array where −1 is null.
pub(crate) fn nullable_keys(keys: Vec<i32>) -> Int32Array {
    if keys.contains(&NULL) {
        let nulls: NullBuffer = keys.iter().map(|&k| k != NULL).collect();
        Int32Array::new(keys.into(), Some(nulls))
    } else {
        Int32Array::from(keys)
    }
}
