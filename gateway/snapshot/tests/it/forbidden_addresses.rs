//! Addresses that would make the gateway call itself, its neighbours or a metadata service (OWASP API7:2023): each is refused
//! when it is registered. That a name which passes here is checked again on what it leads to is shown in `edge`.

use crate::fixture::draft;
use snapshot::Snapshot;

const FORBIDDEN: &[&str] = &[
    "http://127.0.0.1",
    "http://localhost",
    "http://localhost.",
    "http://LOCALHOST:8080",
    "http://a.localhost",
    "http://127.1",
    "http://0",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.0.0.1",
    "http://017700000001",
    "http://0177.0.0.1",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:7f00:1]",
    "http://[64:ff9b::7f00:1]",
    "http://[2002:7f00:1::1]",
    "http://0.0.0.0",
    "http://[::]",
    "http://10.0.0.1",
    "http://172.16.0.1",
    "http://192.168.1.1",
    "http://100.64.0.1",
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.170.2",
    "http://168.63.129.16",
    "http://[fd00:ec2::254]",
    "http://[fe80::1%eth0]",
    "http://[fe80::1]",
    "http://224.0.0.1",
    "http://255.255.255.255",
    "http://metadata.google.internal",
    "http://printer.local",
    "http://redis",
    "http://good@127.0.0.1",
    "http://127.0.0.1#@good.example.se",
    "http://good.example.se\\@127.0.0.1",
    "http://good.example.se:80@127.0.0.1",
    "http://１２７.0.0.1",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "http://good.example.se:22",
    "http://good.example.se:25",
    "http://good.example.se:5432",
    "http://good.example.se:6379",
    "http://good.example.se:11211",
    "file:///etc/passwd",
    "gopher://good.example.se",
    "ftp://good.example.se",
    "unix:/run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock",
    "//good.example.se",
    "http://good.example.se/../admin",
    "http://good.example.se/%2e%2e/admin",
];

const ALLOWED: &[&str] = &[
    "https://api.example.se",
    "https://api.example.se.",
    "https://api.example.se:8443/prefix",
    "https://xn--vgvisare-0za.example.se",
    "http://1.1.1.1",
    "http://[2606:4700::1111]:8080",
];

fn problems(address: &str, private: bool) -> Vec<String> {
    let mut draft = draft();
    draft.backends[0].addresses = vec![address.to_owned()];
    draft.backends[0].allow_private_network = private;
    let problems = Snapshot::compile(&draft).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn each_is_refused_at_registration() {
    for address in FORBIDDEN {
        let found = problems(address, false);
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with("backends[0].addresses[0]: ")),
            "{address}: {found:?}"
        );
    }
}

#[test]
fn public_addresses_pass_and_development_may_open_the_private_ones() {
    for address in ALLOWED {
        assert_eq!(problems(address, false), [""; 0], "{address}");
    }
    for address in ["http://127.0.0.1:8101", "http://localhost:6379", "http://redis"] {
        assert_eq!(problems(address, true), [""; 0], "{address}");
    }
}
