//! What a backend is told of a call, verified as the examples show it: Python, Node and Java, against a running node.

use crate::process::{run, shell, start};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use test_parts::{free_port, tool};

/// A backend that says what it was told.
pub(crate) fn backend() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut seen, mut part) = (Vec::new(), [0; 4096]);
            while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => seen.extend_from_slice(&part[..read]),
                }
            }
            let head = String::from_utf8_lossy(&seen);
            let told = head
                .lines()
                .find_map(|line| line.strip_prefix("vagvisare-assertion: "))
                .unwrap_or_default();
            let length = told.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{told}"
            );
        }
    });
    port
}

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn python_node_and_java_believe_what_was_signed_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let made = run(&[
        "key",
        "new",
        "--application",
        "app",
        "--environment",
        "test",
        "--pepper",
        &file("pepper"),
    ]);
    let text = String::from_utf8(made.stdout).unwrap();
    let key = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("vv_test_"))
        .unwrap();
    let lines = text.split("under the application:").nth(1).unwrap();
    let registry = format!(
        "version = 1\n\
         [[organisations]]\nid = \"agency\"\nname = \"The Agency\"\nkind = \"stateAgency\"\n\
         [[organisations]]\nid = \"bank\"\nname = \"The Bank\"\nkind = \"privateActor\"\n\
         [[backends]]\nid = \"b\"\norganisation = \"agency\"\naddresses = [\"http://127.0.0.1:{}\"]\nallow_private_network = true\nassertion = \"call\"\n\
         [[apis]]\nname = \"greeting\"\ntitle = \"Greeting\"\nversion = \"1.0.0\"\nreleased = 2026-01-01\norganisation = \"agency\"\nstate = \"active\"\n\
         authentication = \"key\"\npersonal_data = false\nbackend = \"b\"\n\
         [[apis.routes]]\nmethod = \"GET\"\npath = \"/words\"\n\
         [[applications]]\nid = \"app\"\nname = \"App\"\norganisation = \"bank\"\n{lines}\n\
         [[agreements]]\nid = \"a1\"\nkind = \"anvandarvillkor\"\npurpose = \"tests\"\nproducers = [\"agency\"]\nconsumers = [\"bank\"]\napis = [\"greeting-v1\"]\nvalid_from = 2026-01-01\n",
        backend()
    );
    std::fs::write(file("registry.toml"), registry).unwrap();
    std::fs::write(file("secret"), SECRET).unwrap();
    std::fs::set_permissions(file("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    // The issuer's name holds the port, so it is chosen before the node starts.
    let port = free_port();
    let config = "[listen]\naddress = \"127.0.0.1:PORT\"\n[gateway]\npublic_base_url = \"http://127.0.0.1:PORT\"\n[operations]\nlisten = \"127.0.0.1:0\"\n[registry]\ndocument = \"registry.toml\"\n\
                  [identity]\npepper_file = \"pepper\"\n[identity.service]\ndatabase = \"sqlite:identity.sqlite\"\nkey_encryption_file = \"secret\"\n\
                  [network]\nallow_private_backends = true\n[telemetry]\naccess_log = \"off\"\n";
    std::fs::write(
        file("config.toml"),
        config
            .replace("identity.sqlite", &file("identity.sqlite"))
            .replace("PORT", &port.to_string()),
    )
    .unwrap();
    let mut node = start(&["serve", "--config", &file("config.toml")]);
    let ready = node.wait_for("ready ");
    let gateway = ready.split_once(", operations ").unwrap().0;

    let assertion = shell(&format!("curl -sf -H 'X-Api-Key: {key}' {gateway}/greeting/v1/words"));
    assert_eq!(assertion.split('.').count(), 3, "{assertion}");
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let swapped: String = signature.chars().rev().collect();
    let bad = [
        ("greeting-v1", format!("{signed}.{swapped}")),
        ("other-v1", assertion.clone()),
        ("greeting-v1", format!("{signed}.")),
    ];
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/verify-assertion");
    // Node looks for packages beside the file that asks for them.
    let modules = directory.path().join("node_modules");
    std::os::unix::fs::symlink(tool("../node/node_modules"), &modules).unwrap();
    std::fs::copy(examples.join("verify.mjs"), file("verify.mjs")).unwrap();
    for (program, script) in [
        (tool("../python/bin/python"), examples.join("verify.py")),
        (tool("node"), file("verify.mjs").into()),
        (tool("java"), examples.join("Verify.java")),
    ] {
        let verify = |api: &str, assertion: &str| {
            let output = Command::new(&program)
                .arg(&script)
                .args([gateway, api, assertion])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            (output.status.success(), said + &String::from_utf8_lossy(&output.stderr))
        };
        let (believed, said) = verify("greeting-v1", &assertion);
        assert!(believed, "{script:?}: {said}");
        let said: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
        assert_eq!(
            (&said["client"], &said["organisation"], &said["agreement"]),
            (&"app".into(), &"bank".into(), &"a1".into())
        );
        for (api, assertion) in &bad {
            let (believed, said) = verify(api, assertion);
            assert!(!believed && said.contains("not believed"), "{script:?} {api}: {said}");
        }
    }
}
