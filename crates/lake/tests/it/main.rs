//! Tests of the lake through its public door.

mod common;
mod counts;
mod damage;
mod faults;
mod files;
mod histories;
mod kernels;
mod locks;
