//! Settings of the server, as the command line reads and shows them.

use crate::common::Bench;

#[test]
fn settings_are_shown_as_they_are_in_force_and_keep_their_secrets() {
    let bench = Bench::new();
    let usual = bench.json(&["config", "settings"]);
    assert_eq!(usual["server"]["bind"], "127.0.0.1:8000");
    assert_eq!(usual["limits"]["upload_megabytes"], 4096);
    let file = bench.file(
        "reglages.toml",
        "[backup]\nkeep = 3\n[[provider]]\nid = \"agents\"\nissuer = \"https://idp.example\"\n\
         client_id = \"eclusier\"\nclient_secret = \"plus-secret\"\n",
    );
    let file = file.to_str().unwrap();
    let set = bench.run(&["--config", file, "config", "settings"]);
    assert_eq!(set.code, 0, "{}", set.err);
    assert_eq!(set.json()["backup"]["keep"], 3);
    assert!(!set.out.contains("plus-secret") && set.out.contains("agents"), "{}", set.out);
    let rows = bench.run(&["--config", file, "config", "settings", "--format", "csv"]);
    assert!(rows.out.contains("backup.keep,3") && rows.out.contains("provider[0].id,agents"));
    // Nothing was opened for that.
    assert!(!bench.path("data").exists());
}

#[test]
fn a_setting_that_does_not_exist_stops_the_server_before_anything_is_opened() {
    let bench = Bench::new();
    let file = bench.file("reglages.toml", "[server]\nbindd = \"127.0.0.1:1\"\n");
    let file = file.to_str().unwrap();
    for command in [&["serve"][..], &["config", "settings"]] {
        let ran = bench.run(&[&["--config", file], command].concat());
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains("server.bindd") && ran.err.contains("« bind »"), "{}", ran.err);
    }
    let absent = bench.run(&["--config", "absent.toml", "serve"]);
    assert_eq!(absent.code, 2, "{}", absent.err);
    assert!(absent.err.contains("absent.toml"));
    assert!(!bench.path("data").exists());
}
