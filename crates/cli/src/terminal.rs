//! The terminal: messages and progress on standard error, never on standard output.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use eclusier_app::imports::Watch;
use tracing_subscriber::EnvFilter;

/// Messages of the program, by `RUST_LOG` (warnings by default).
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Shows progress while `work` lasts; Ctrl+C asks it to stop.
pub async fn watched<T>(name: &str, watch: &Watch, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let shown = std::io::stderr().is_terminal();
    loop {
        tokio::select! {
            done = &mut work => {
                if shown {
                    eprint!("\r\x1b[K");
                }
                return done;
            }
            _ = tokio::signal::ctrl_c() => watch.cancel(),
            () = tokio::time::sleep(Duration::from_millis(200)), if shown => {
                let (done, total) = watch.progress();
                if let Some(share) = (100 * done).checked_div(total) {
                    eprint!("\r\x1b[K{name}: {share} %");
                    let _ = std::io::stderr().flush();
                }
            }
        }
    }
}
