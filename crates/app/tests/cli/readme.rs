//! The session in README.md works as printed: `scripts/demo` runs it, here with the program under
//! test in place of `cargo run --release`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use crate::support::Ran;

#[test]
fn the_session_works_as_printed() {
    let directory = TempDir::new().unwrap();
    let cargo = directory.path().join("cargo");
    let program = cargo_bin!("rollbook").display().to_string();
    let shim = format!(
        "#!/bin/sh\n[ \"$1\" = build ] && exit 0\n\
         while [ \"$1\" != -- ]; do shift; done; shift\nexec '{program}' \"$@\"\n"
    );
    fs::write(&cargo, shim).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/demo");
    let output = Command::new("bash")
        .args(["-c", "PATH=$1:$PATH exec \"$2\"", "demo"])
        .args([directory.path(), demo.as_path()])
        .output()
        .expect("bash and curl must be in PATH");
    let ran = Ran::from(output).success();
    assert!(
        ran.out.contains("every command of the session worked"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(r#""title":"Acme Corporation""#),
        "{}",
        ran.out
    );
}
