//! Wire types: everything sent over HTTP or printed as command JSON.
