//! Movements, the daily ledger and the indicators of stock, age, flow and delay.
