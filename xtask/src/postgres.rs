//! A throw-away PostgreSQL on loopback: the tests of the registry and of all that stands on it
//! are run a second time there.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::shell::{Failure, Outcome, command, has, run, stage};

/// What runs on both databases.
const PACKAGES: [&str; 4] =
    ["eclusier-registry", "eclusier-app", "eclusier-server", "eclusier-cli"];
/// Begins the name of the folder of a cluster; the number of its process ends it.
const FOLDER: &str = "eclusier-postgres-";

/// Runs the tests of the rooms that know a database on PostgreSQL.
pub fn tests(install: bool) -> Outcome {
    with(install, |url| {
        stage("rust tests on PostgreSQL", || {
            let mut tests =
                command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), [""; 0]);
            if has("cargo-nextest") {
                // Of the whole workspace, as before: fewer packages would turn other features on,
                // and compile all of it again.
                let wanted = PACKAGES.map(|package| format!("package(={package})")).join(" + ");
                tests.args(["nextest", "run", "--workspace", "--filterset", &wanted]);
            } else {
                tests.arg("test");
                tests.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
            }
            tests.arg("--no-fail-fast").env("ECLUSIER_TEST_DATABASE_URL", url);
            run(tests)
        })
    })
}

/// Runs `work` with the address of a throw-away PostgreSQL. Where it is missing it is installed
/// if `install` allows it, otherwise the work is left out, except in CI.
pub fn with(install: bool, work: impl FnOnce(&str) -> Outcome) -> Outcome {
    sweep();
    let Some(programs) = programs(install) else {
        eprintln!("tests on PostgreSQL skipped: install Debian's postgresql package");
        return if std::env::var_os("CI").is_some() {
            Err(Failure("the tests on PostgreSQL are mandatory in CI".into()))
        } else {
            Ok(())
        };
    };
    let cluster = Cluster::start(&programs)?;
    work(&cluster.url())
}

/// Folder of `initdb` and its like, the latest version first.
fn programs(install: bool) -> Option<PathBuf> {
    let found = || {
        let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        folders.sort();
        let known = folders.into_iter().rev().map(|(_, folder)| folder);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let whole = |f: &PathBuf| f.join("initdb").exists() && f.join("postgres").exists();
        known.chain(on_path).find(whole)
    };
    let there = found();
    if there.is_some() || !install || !is_root() || !has("apt-get") {
        return there;
    }
    eprintln!("PostgreSQL is missing: trying to install it");
    let _ = run(command("apt-get", ["update", "-qq"]));
    let mut apt = command("apt-get", ["install", "-y", "-qq", "postgresql"]);
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    let _ = run(apt);
    found()
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

fn is_root() -> bool {
    output("id", &["-u"]).as_deref() == Some("0")
}

/// Who runs the server: it refuses to be run by root.
fn server_user() -> Option<&'static str> {
    if !is_root() {
        return None;
    }
    ["postgres", "nobody"].into_iter().find(|user| output("id", &["-u", user]).is_some())
}

/// A server with its data, both gone when this is dropped.
struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    server: Child,
    port: u16,
}

impl Cluster {
    fn start(programs: &Path) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        if let Some(user) = server_user() {
            let number = |flag| output("id", &[flag, user]).and_then(|id| id.parse().ok());
            chown(&folder, number("-u"), number("-g"))?;
        }
        let made = Self::start_in(&folder, programs);
        if made.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        made
    }

    fn start_in(folder: &Path, programs: &Path) -> Outcome<Self> {
        let data = folder.join("data");
        let data = data.to_string_lossy();
        // A database that sorts as in French: ours must sort by bytes all the same.
        let french = ["--locale-provider=icu", "--icu-locale=fr"];
        let make = |more: &[&str]| {
            let mut init = as_server(&programs.join("initdb"));
            init.args(["--pgdata", &data, "--username=eclusier", "--auth=trust", "--no-sync"]);
            init.args(["--encoding=UTF8", "--locale=C.UTF-8"]).args(more);
            init.stdout(Stdio::null()).stderr(Stdio::null());
            init.status().is_ok_and(|status| status.success())
        };
        // Before version 15 the language of a cluster comes from the system, which may lack it.
        if !make(&french) && !make(&[]) {
            return Err(Failure("initdb could not make a PostgreSQL cluster".into()));
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = fs::File::create(folder.join("log"))?;
        let mut server = as_server(&programs.join("postgres"));
        server.args(["-D", &data, "-p", &port.to_string()]);
        // What a power cut would lose is of no use here; what a commit promises to others is.
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=on",
            "autovacuum=off",
            "max_connections=400",
        ] {
            server.args(["-c", setting]);
        }
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let server = server.spawn()?;
        let (folder, programs) = (folder.to_owned(), programs.to_owned());
        let mut cluster = Self { folder, programs, server, port };
        cluster.wait()?;
        Ok(cluster)
    }

    /// Waits for the server to answer.
    fn wait(&mut self) -> Outcome {
        let port = self.port.to_string();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.args(["--quiet", "--host=127.0.0.1", "--port", &port, "--username=eclusier"]);
            if ready.status()?.success() {
                return Ok(());
            }
            if self.server.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(Failure(format!("PostgreSQL did not start:\n{log}")))
    }

    fn url(&self) -> String {
        format!("postgres://eclusier@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&self.programs, &self.folder);
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn stop(programs: &Path, folder: &Path) {
    let mut stop = as_server(&programs.join("pg_ctl"));
    stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(folder.join("data"));
    let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// A program run by the user of the server.
fn as_server(program: &Path) -> Command {
    let mut command = match server_user() {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
    };
    command.current_dir(std::env::temp_dir());
    command
}

/// Clusters whose command was killed before it could stop them.
fn sweep() {
    let Some(programs) = programs(false) else { return };
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.strip_prefix(FOLDER)) else {
            continue;
        };
        if !Path::new("/proc").join(number).exists() {
            stop(&programs, &entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
