//! Set-up: what the commands need and a bare machine lacks is installed where
//! it can be, otherwise named with its install line.

use std::{fs, path::PathBuf};

use crate::shell::{Failure, Outcome, command, has, root, run, stage};

/// Node packages and web assets; skipped when nothing changed since the last build.
pub fn web() -> Outcome {
    node()?;
    let web = root().join("web");
    let stamp = web.join("build").join(".stamp");
    let inputs =
        fingerprint(&["web/src", "web/static", "web/package-lock.json", "web/openapi.json"]);
    if fs::read_to_string(&stamp).is_ok_and(|s| s == inputs) {
        eprintln!("web assets are up to date");
        return Ok(());
    }
    stage("web: npm run build", || {
        let mut build = command("npm", ["run", "--silent", "build"]);
        build.current_dir(&web);
        run(build)
    })?;
    fs::write(stamp, inputs)?;
    Ok(())
}

/// Node packages, as locked.
pub fn node() -> Outcome {
    let web = root().join("web");
    if !has("npm") {
        return Err(Failure(
            "Node 20.19 or later is needed for the web app: install nodejs and npm".into(),
        ));
    }
    let stamp = web.join("node_modules").join(".lock-stamp");
    let lock = fingerprint(&["web/package-lock.json"]);
    if fs::read_to_string(&stamp).is_ok_and(|s| s == lock) {
        return Ok(());
    }
    stage("web: npm ci", || {
        let mut install = command("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        install.current_dir(&web);
        run(install)
    })?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// Path of a Chromium, installed from Debian where that is possible.
pub fn chromium() -> Option<PathBuf> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let found = || {
        std::env::var_os("CHROMIUM")
            .map(PathBuf::from)
            .into_iter()
            .chain(known.map(PathBuf::from))
            .find(|p| p.exists())
    };
    if found().is_none() && has("apt-get") {
        eprintln!("chromium is missing: trying to install it");
        let _ = run(command("apt-get", ["update", "-qq"]));
        let _ = run(command("apt-get", ["install", "-y", "-qq", "chromium"]));
    }
    found()
}

/// Names, sizes and contents of the inputs, folded into one line.
fn fingerprint(paths: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    let mut waiting: Vec<PathBuf> = paths.iter().rev().map(|p| root().join(p)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let mut inside: Vec<PathBuf> =
                fs::read_dir(&path).into_iter().flatten().flatten().map(|e| e.path()).collect();
            inside.sort();
            inside.reverse();
            waiting.extend(inside);
        } else if let Ok(bytes) = fs::read(&path) {
            add(path.to_string_lossy().as_bytes());
            add(&bytes);
        }
    }
    format!("{hash:016x}")
}
