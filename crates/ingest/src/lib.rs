//! Spreadsheets and logs in, events or movements and findings out; pseudonymisation at the door.
