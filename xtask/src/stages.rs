//! The stages a person or the continuous integration runs.

use std::fs;

use crate::{
    fuzz, postgres, setup,
    shell::{Failure, Outcome, binary, cargo, command, has, root, run, shared, stage},
    soak, tidy,
};

/// Web assets, then the release binary.
pub fn build() -> Outcome {
    setup::web()?;
    stage("release binary", || cargo(&["build", "--release", "--package", "eclusier-cli"]))
}

/// Sets everything up and serves a generated body.
pub fn demo(args: &[String]) -> Outcome {
    build()?;
    let mut demo = command(&binary().to_string_lossy(), ["demo"]);
    demo.args(args);
    run(demo)
}

/// Every test.
pub fn test(args: &[String]) -> Outcome {
    let fast = args.iter().any(|a| a == "--fast");
    stage("tidy", tidy::run)?;
    if !fast {
        // Sign-in is tested against an identity provider that comes with the node packages.
        setup::node()?;
    }
    stage("rust tests", || {
        if has("cargo-nextest") {
            cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
        } else {
            cargo(&["test", "--workspace", "--no-fail-fast"])
        }
    })?;
    postgres::tests(!fast)?;
    if fast {
        return Ok(());
    }
    stage("web: types", || npm("check"))?;
    stage("web: unit tests", || npm("test"))?;
    build()?;
    stage("openapi and client are those of the server", api_is_current)?;
    accept()?;
    stage("requests from the description (sample)", || fuzz::run_with(8))?;
    stage("kills during writes (sample)", || {
        soak::kills(12, None)?;
        soak::writes(6, None)?;
        postgres::with(true, |url| {
            soak::kills(6, Some(url))?;
            soak::writes(6, Some(url))
        })
    })?;
    end_to_end()
}

/// What the continuous integration runs.
pub fn ci() -> Outcome {
    stage("format", || cargo(&["fmt", "--all", "--check"]))?;
    stage("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    })?;
    test(&[])
}

/// Requests made up from the description, `N` of chance to each operation.
pub fn fuzz(args: &[String]) -> Outcome {
    build()?;
    fuzz::run_with(args.first().and_then(|n| n.parse().ok()).unwrap_or(100))
}

/// Writes the API description and the client generated from it.
pub fn api() -> Outcome {
    fs::write(root().join("web/openapi.json"), description()?)?;
    setup::node()?;
    npm("api")
}

fn description() -> Outcome<Vec<u8>> {
    let output = command(&binary().to_string_lossy(), ["openapi"]).output()?;
    if !output.status.success() {
        return Err(Failure("eclusier openapi failed".into()));
    }
    Ok(output.stdout)
}

fn api_is_current() -> Outcome {
    if fs::read(root().join("web/openapi.json"))? == description()? {
        Ok(())
    } else {
        Err(Failure("web/openapi.json is not what the server says: run cargo xtask api".into()))
    }
}

fn npm(script: &str) -> Outcome {
    let mut npm = command("npm", ["run", "--silent", script]);
    npm.current_dir(root().join("web"));
    run(npm)
}

/// The acceptance checks of the command contract, when the shared data are there.
fn accept() -> Outcome {
    let Some(shared) = shared() else {
        eprintln!("acceptance checks skipped: no shared data");
        return Ok(());
    };
    let mut checks: Vec<_> = fs::read_dir(shared.join("accept"))?
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("1-")))
        .collect();
    checks.sort();
    for check in checks {
        let name = check.file_name().unwrap_or_default().to_string_lossy().into_owned();
        stage(&format!("accept {name}"), || {
            let mut command = command(&check.to_string_lossy(), [""; 0]);
            command.env("ECLUSIER_BIN", binary());
            run(command)
        })?;
    }
    Ok(())
}

fn end_to_end() -> Outcome {
    let Some(chromium) = setup::chromium() else {
        eprintln!("browser tests skipped: no chromium (install Debian's chromium package)");
        return if std::env::var_os("CI").is_some() {
            Err(Failure("the browser tests are mandatory in CI".into()))
        } else {
            Ok(())
        };
    };
    stage("browser tests", || {
        let mut npm = command("npm", ["run", "--silent", "e2e"]);
        npm.current_dir(root().join("web")).env("ECLUSIER_BIN", binary()).env("CHROMIUM", chromium);
        run(npm)
    })
}
