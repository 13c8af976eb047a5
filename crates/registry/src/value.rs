//! Conversions between the values of the program and the columns.
