//! All automation of the project: `cargo xtask demo`, `cargo xtask test` and the rest.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command-line tool talks to its terminal

mod bench;
mod fuzz;
mod golden;
mod postgres;
mod setup;
mod shell;
mod site;
mod soak;
mod stages;
mod tidy;

use shell::Failure;

const HELP: &str = "\
cargo xtask COMMAND

  demo [--port N] [--size team|office|network]   set up, build, generate a body, serve it
  test [--fast]       set up and run every test (--fast: Rust and tidy only)
  postgres            run the tests that know a database on PostgreSQL
  ci                  what the continuous integration runs: lints, then test
  build               web assets, then the release binary
  web                 web assets only
  api                 write web/openapi.json and the generated client from the server
  golden              rewrite the reviewed expectations (insta snapshots, stored profiles)
  bench [NAME]        measure speed and memory beside the peers, write docs/benchmarks.md
  soak [--kills N]    long campaigns: hundreds of kills, thousands of histories
  fuzz [N]            N requests of chance to each operation of the API (100), answers checked
  tidy                check the house: arrows between rooms, README length, forbidden words
";

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let outcome = match args.first().map(String::as_str) {
        Some("demo") => stages::demo(rest),
        Some("test") => stages::test(rest),
        Some("ci") => stages::ci(),
        Some("postgres") => postgres::tests(true),
        Some("build") => stages::build(),
        Some("web") => setup::web(),
        Some("api") => stages::api(),
        Some("golden") => golden::run(),
        Some("bench") => bench::run(rest),
        Some("soak") => soak::run(rest),
        Some("fuzz") => stages::fuzz(rest),
        Some("tidy") => tidy::run(),
        _ => {
            println!("{HELP}");
            return std::process::ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(Failure(why)) => {
            eprintln!("xtask: {why}");
            std::process::ExitCode::FAILURE
        }
    }
}
