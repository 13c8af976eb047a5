//! A data directory of its own and the binary run on it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A scratch folder with a data directory inside.
pub struct Bench {
    folder: TempDir,
}

/// What one command gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A path of the scratch folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the scratch folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs the binary; the environment of the machine has no say.
    pub fn run(&self, args: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_eclusier"))
            .args(args)
            .current_dir(self.folder.path())
            .env("ECLUSIER_DATA", self.path("data"))
            .env("ECLUSIER_DATABASE_URL", database())
            .env_remove("ECLUSIER_LANG")
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        Ran {
            code: status.code().unwrap_or(-1),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Runs a command that must be done and answers its JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        ran.json()
    }

    /// Imports a file that must be accepted, extra arguments after it.
    pub fn import(&self, file: &Path, process: &str, more: &[&str]) -> Value {
        let file = file.to_str().unwrap();
        self.json(&[&["import", file, "--process", process], more].concat())
    }
}

/// The PostgreSQL database these tests run on; empty for SQLite.
pub fn database() -> String {
    std::env::var("ECLUSIER_TEST_DATABASE_URL").unwrap_or_default()
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}{}", self.out, self.err))
    }
}

/// The folder of shared data, or nothing after saying so.
pub fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("ECLUSIER_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    if root.join("data").is_dir() {
        return Some(root.join("data"));
    }
    assert!(
        std::env::var("ECLUSIER_REQUIRE_SHARED").as_deref() != Ok("1"),
        "shared data are absent"
    );
    eprintln!("skipped: no shared data");
    None
}
