//! Running other programs and finding our folders.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// A sentence that says what failed.
#[derive(Debug)]
pub struct Failure(pub String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.to_string())
    }
}

/// Result of a stage.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Folder of build products.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The release binary.
pub fn binary() -> PathBuf {
    target().join("release").join("eclusier")
}

/// The shared reference data, when present.
pub fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("ECLUSIER_SHARED")
        .map_or_else(|| root().join("..").join("shared"), PathBuf::from);
    path.join("data").is_dir().then(|| path.canonicalize().unwrap_or(path))
}

/// A command run from the root of the workspace.
pub fn command<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    // What cargo says of this very package would make others build again (ring's script asks).
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command and fails with its name if it fails.
pub fn run(mut command: Command) -> Outcome {
    let status = command
        .status()
        .map_err(|e| Failure(format!("{} could not start: {e}", show(&command))))?;
    if status.success() { Ok(()) } else { Err(Failure(format!("{} failed", show(&command)))) }
}

/// Runs `cargo ARGS`.
pub fn cargo(args: &[&str]) -> Outcome {
    run(command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), args))
}

/// Whether a program answers `--version`.
pub fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success())
}

/// Runs one stage and says how long it took.
pub fn stage(name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    eprintln!("\n== {name}");
    let start = Instant::now();
    let outcome = work();
    eprintln!("== {name}: {:.0} s", start.elapsed().as_secs_f64());
    outcome
}

fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}
