//! Configurations good and bad: the exact lines a person sees.

use super::{Config, read};
use document::{Problems, Source};
use std::path::Path;
use std::time::Duration;

/// A folder with every file that a configuration may name: a certificate, its key, a pepper, a key set, a registry.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let made = rcgen::generate_simple_self_signed(["api.example.se".to_owned()]).unwrap();
    put("tls/certificate.pem", &made.cert.pem());
    put("tls/key.pem", &made.signing_key.serialize_pem());
    put("pepper", &"0".repeat(64));
    put("keys.json", "{\"keys\": []}");
    put("registry.toml", "");
    folder
}

/// Reads `text` as a file in `folder`: what was read, and every problem as a line.
fn read_in(folder: &Path, text: &str) -> (Config, Vec<String>) {
    let path = folder.join("c.toml");
    std::fs::write(&path, text).unwrap();
    let problems = Problems::new();
    let config = read(&Source::load(&path).unwrap(), &problems);
    let rendered = problems.render().replace(&format!("{}/", folder.display()), "");
    (config, rendered.lines().map(str::to_owned).collect())
}

#[test]
fn what_is_not_said_is_safe() {
    let folder = folder();
    let (config, problems) = read_in(folder.path(), "[registry]\ndocument = \"registry.toml\"\n");
    assert!(problems.is_empty(), "{problems:?}");
    assert!(config.listen.address.ip().is_loopback() && config.operations.ip().is_loopback());
    assert!(!config.allow_private_backends && config.network.trusted_proxies.is_empty());
    assert!(!config.telemetry.trust_caller_sampling && config.telemetry.otlp.is_none());
    assert!(config.issuers().is_empty() && config.identity.pepper_file.is_none());
    assert_eq!(config.registry.document, Some(folder.path().join("registry.toml")));
    assert!(config.registry.store.is_none());
}

#[test]
fn every_setting_arrives() {
    let folder = folder();
    let text = r#"
        [listen]
        address = "0.0.0.0:8443"
        tls = { certificate = "tls/certificate.pem", key = "tls/key.pem" }
        [operations]
        listen = "127.0.0.1:9091"
        [gateway]
        public_base_url = "https://api.example.se/"
        worker_threads = 3
        max_in_flight = 7
        max_connections = 9
        header_read_timeout = "3s"
        drain_timeout = "0s"
        node = "n1"
        [registry]
        document = "registry.toml"
        [identity]
        pepper_file = "pepper"
        [[identity.issuers]]
        issuer = "https://auth.example.se"
        jwks = "https://auth.example.se/jwks"
        [[identity.issuers]]
        issuer = "test"
        jwks = "keys.json"
        [telemetry]
        share = 0.5
        slow = "250ms"
        trust_caller_sampling = true
        access_log = "access.log"
        trace_store = 5
        [telemetry.otlp]
        endpoint = "http://127.0.0.1:4318"
        protocol = "http"
        [limits]
        store = "redis://127.0.0.1:6379"
        command_timeout = "30ms"
        [network]
        trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"]
        allow_private_backends = true
    "#;
    let (config, problems) = read_in(folder.path(), text);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(config.listen.tls.unwrap().key, folder.path().join("tls/key.pem"));
    assert_eq!(config.operations.port(), 9091);
    let gateway = &config.gateway;
    assert_eq!(gateway.public_base_url.as_deref(), Some("https://api.example.se"));
    assert_eq!(
        (gateway.worker_threads, gateway.max_in_flight, gateway.max_connections),
        (3, 7, 9)
    );
    assert_eq!(
        (gateway.header_read_timeout, gateway.drain_timeout),
        (Duration::from_secs(3), Duration::ZERO)
    );
    assert_eq!(config.identity.issuers.len(), 2);
    let telemetry = &config.telemetry;
    assert_eq!(
        (telemetry.node.as_str(), telemetry.server_address.as_deref()),
        ("n1", Some("api.example.se"))
    );
    assert_eq!(
        (telemetry.share, telemetry.slow, telemetry.trace_store),
        (0.5, Duration::from_millis(250), 5)
    );
    assert_eq!(
        telemetry.access_log,
        telemetry::AccessLog::File(folder.path().join("access.log"))
    );
    assert_eq!(
        telemetry.otlp.as_ref().unwrap().protocol,
        telemetry::Protocol::HttpProtobuf
    );
    let store = config.shared_limits.unwrap();
    assert_eq!(store.command_timeout, Duration::from_millis(30));
    assert_eq!(config.network.trusted_proxies.len(), 2);
    assert!(config.allow_private_backends);
}

#[test]
fn a_store_of_shared_limits_that_cannot_be_one() {
    let folder = folder();
    let read = |limits: &str| {
        let text = format!("[registry]\ndocument = \"registry.toml\"\n[limits]\n{limits}");
        let (config, problems) = read_in(folder.path(), &text);
        assert!(!problems.is_empty() || config.shared_limits.is_some());
        problems
    };
    assert_eq!(read("store = \"redis://redis.example.se:6379/2\"\n"), [""; 0]);
    assert_eq!(
        read("store = \"localhost:6379\"\ncommand_timeout = \"2s\"\n"),
        [
            "c.toml:4:9: limits.store: is not an address such as redis://127.0.0.1:6379, or rediss:// for TLS",
            "c.toml:5:19: limits.command_timeout: must be from 1ms to 1s",
        ]
    );
    assert_eq!(
        read("command_timeout = \"20ms\"\n"),
        ["c.toml:4:19: limits.command_timeout: is of use with limits.store, limits.sentinels or limits.cluster only"]
    );
    assert_eq!(
        read("cluster = [\"redis://a:1\", \"redis://b:1\"]\nexpected_nodes = 3\n"),
        [""; 0]
    );
    assert_eq!(
        read("sentinels = [\"rediss://a:1\"]\nsentinel_name = \"limits\"\n"),
        [""; 0]
    );
    assert_eq!(
        read("sentinels = [\"redis://a:1\"]\n"),
        ["c.toml:4:13: limits.sentinels: needs limits.sentinel_name: which server they are to name"]
    );
    assert_eq!(
        read("store = \"redis://a:1\"\ncluster = [\"redis://b:1\"]\n"),
        ["c.toml:5:11: limits.cluster: excludes limits.store: the store is one of them"]
    );
    assert_eq!(
        read("cluster = [\"redis://b:1\", \"rediss://c:1\"]\n"),
        ["c.toml:4:11: limits.cluster: mixes redis:// and rediss://"]
    );
}

#[test]
fn files_that_are_missing_or_not_what_they_should_be() {
    let folder = folder();
    let text = r#"[listen.tls]
certificate = "tls/none.pem"
key = "tls"
[registry]
document = "none.toml"
[identity]
pepper_file = "none"
[[identity.issuers]]
issuer = "a"
jwks = "none.json"
[telemetry]
access_log = "none/access.log"
"#;
    let (_, problems) = read_in(folder.path(), text);
    assert_eq!(
        problems,
        [
            "c.toml:2:15: listen.tls.certificate: tls/none.pem cannot be opened: No such file or directory (os error 2)",
            "c.toml:3:7: listen.tls.key: tls is a folder, not a file",
            "c.toml:5:12: registry.document: none.toml cannot be opened: No such file or directory (os error 2)",
            "c.toml:7:15: identity.pepper_file: none cannot be opened: No such file or directory (os error 2)",
            "c.toml:10:8: identity.issuers[0].jwks: none.json cannot be opened: No such file or directory (os error 2)",
            "c.toml:12:14: telemetry.access_log: none/access.log cannot be a file; its folder must exist",
        ]
    );
}

#[test]
fn a_certificate_and_a_key_that_do_not_fit() {
    let folder = folder();
    let listen = |certificate: &str, key: &str| {
        let text = format!(
            "[listen.tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n[registry]\ndocument = \"registry.toml\"\n"
        );
        read_in(folder.path(), &text).1
    };
    assert_eq!(
        listen("pepper", "tls/key.pem"),
        ["c.toml:2:15: listen.tls.certificate: pepper holds no usable PEM certificate"]
    );
    assert_eq!(
        listen("tls/certificate.pem", "pepper"),
        ["c.toml:3:7: listen.tls.key: pepper holds no usable PEM private key"]
    );
    let other = rcgen::KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("other.pem"), other.serialize_pem()).unwrap();
    assert_eq!(
        listen("tls/certificate.pem", "other.pem"),
        ["c.toml:1:1: listen.tls: the certificate and its key cannot be used together"]
    );
}

#[test]
fn every_bad_value_is_said_at_once() {
    let folder = folder();
    let text = r#"[listen]
address = "8080"
[operations]
listen = "127.0.0.1:8080"
[gateway]
public_base_url = "https://api.example.se/path"
worker_threads = -1
max_in_flight = 0
header_read_timeout = "0s"
drain_timeout = 5
node = ""
worker_thread = 2
[registry]
document = "registry.toml"
[telemetry]
share = 2
otlp = { endpoint = "collector:4317", protocol = "udp" }
[network]
trusted_proxies = ["0.0.0.0/0", "lan"]
[registri]
"#;
    let (_, problems) = read_in(folder.path(), text);
    assert_eq!(
        problems,
        [
            "c.toml:2:11: listen.address: must be an address and a port such as \"127.0.0.1:8080\" or \"[::]:8080\", not \"8080\"",
            "c.toml:4:10: operations.listen: is the address that callers use; operations need their own",
            "c.toml:6:19: gateway.public_base_url: must be scheme://host[:port] without a path",
            "c.toml:7:18: gateway.worker_threads: must be a whole number from 0 to 1024, not -1",
            "c.toml:8:17: gateway.max_in_flight: must be a whole number from 1 to 10000000, not 0",
            "c.toml:9:23: gateway.header_read_timeout: must be longer than zero",
            "c.toml:10:17: gateway.drain_timeout: must be a duration such as \"500ms\", \"2s\" or \"1m30s\", not 5",
            "c.toml:11:8: gateway.node: must not be empty",
            "c.toml:12:1: gateway.worker_thread: unknown key; known here: public_base_url, worker_threads, max_in_flight, max_connections, header_read_timeout, drain_timeout, node, environment, cache_bytes",
            "c.toml:16:9: telemetry.share: must be a number from 0 to 1, not 2",
            "c.toml:17:21: telemetry.otlp.endpoint: `collector:4317` is not a URL; write https://host[:port]",
            "c.toml:17:50: telemetry.otlp.protocol: must be \"grpc\" or \"http\", not \"udp\"",
            "c.toml:19:19: network.trusted_proxies: trusts every address there is; name the proxies' own networks",
            "c.toml:19:33: network.trusted_proxies[1]: must be a network such as \"10.0.0.0/8\", not \"lan\"",
            "c.toml:20:2: registri: unknown key; known here: listen, operations, gateway, registry, identity, telemetry, limits, network",
        ]
    );
}

#[test]
fn keys_are_never_fetched_over_plain_http_from_another_machine() {
    let folder = folder();
    let issuer = |jwks: &str, more: &str| {
        let text = format!(
            "[registry]\ndocument = \"registry.toml\"\n[[identity.issuers]]\nissuer = \"a\"\njwks = \"{jwks}\"\n{more}\n"
        );
        read_in(folder.path(), &text).1
    };
    let elsewhere =
        "c.toml:5:8: identity.issuers[0].jwks: is plain http to another machine; keys are fetched over https";
    let here = "c.toml:5:8: identity.issuers[0].jwks: is plain http; for a test issuer on this machine set allow_loopback_http = true";
    assert_eq!(issuer("http://auth.example.se/jwks", ""), [elsewhere]);
    assert_eq!(
        issuer("http://auth.example.se/jwks", "allow_loopback_http = true"),
        [elsewhere]
    );
    assert_eq!(
        issuer("http://127.0.0.1.example.se/jwks", "allow_loopback_http = true"),
        [elsewhere]
    );
    assert_eq!(issuer("http://127.0.0.1:8103/jwks", ""), [here]);
    for loopback in [
        "http://127.0.0.1:8103/jwks",
        "http://[::1]/jwks",
        "http://localhost/jwks",
    ] {
        assert!(issuer(loopback, "allow_loopback_http = true").is_empty(), "{loopback}");
    }
    assert_eq!(
        issuer("https://user:secret@auth.example.se/jwks", ""),
        ["c.toml:5:8: identity.issuers[0].jwks: must not hold a user name or password"]
    );
}

#[test]
fn an_issuer_is_named_once() {
    let folder = folder();
    let issuer = "[[identity.issuers]]\nissuer = \"a\"\njwks = \"keys.json\"\n";
    let (_, problems) = read_in(
        folder.path(),
        &format!("[registry]\ndocument = \"registry.toml\"\n{issuer}{issuer}"),
    );
    assert_eq!(
        problems,
        ["c.toml:7:10: identity.issuers[1].issuer: `a` is named twice"]
    );
}

#[test]
fn an_empty_file_says_what_it_lacks() {
    let folder = folder();
    assert_eq!(
        read_in(folder.path(), "").1,
        ["c.toml:1:1: registry: is missing; give a table"]
    );
    assert_eq!(
        read_in(folder.path(), "[registry]\n").1,
        ["c.toml:1:1: registry.document: is missing; give a path"]
    );
}

#[test]
fn the_production_example_is_right_once_its_files_are_there() {
    let folder = folder();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/production.toml")).unwrap();
    let (config, problems) = read_in(folder.path(), &text);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(config.listen.tls.is_some() && config.operations.ip().is_loopback());
    assert!(!config.allow_private_backends && !config.issuers()[0].allow_http_loopback);
}

#[test]
fn the_provider_of_people_is_told_in_its_own_words_and_the_register_stays_on_this_machine() {
    let folder = folder();
    let people = |register: &str| {
        let text = format!(
            "[registry]\ndocument = \"registry.toml\"\n[identity.people]\nissuer = \"https://login.example.se\"\nclient_id = \"gateway\"\n\
             key_file = \"pepper\"\nnumber_claim = \"pnr\"\nscopes = [\"pnr\", \"profile\"]\nlevels = [\"loa4\"]\n\
             [identity.people.register]\norganisation = \"services\"\nkey_file = \"pepper\"\n{register}\n"
        );
        read_in(folder.path(), &text)
    };
    let (config, _) = people("listen = \"127.0.0.1:9180\"");
    let read = config.identity.people.unwrap();
    let provider = &read.provider;
    assert_eq!((provider.number_claim.as_str(), provider.scopes.len()), ("pnr", 2));
    assert_eq!(provider.levels, ["loa4"]);
    assert_eq!(read.register.unwrap().organisation, "services");
    for (register, wrong) in [
        ("", "identity.people.register.listen: is missing"),
        (
            "listen = \"0.0.0.0:9180\"",
            "identity.people.register.listen: must be on this machine",
        ),
        (
            "listen = \"127.0.0.1:1\"\nbehind = \"http://agencies.example.se\"",
            "identity.people.register.behind: is plain http",
        ),
        (
            "listen = \"127.0.0.1:1\"\n[identity.people.relations]\nurl = \"http://relations.example.se\"",
            "identity.people.relations.url: is plain http",
        ),
        (
            "listen = \"127.0.0.1:1\"\n[identity.people.relations]\nkey_file = \"none\"",
            "identity.people.relations.url: is missing",
        ),
    ] {
        let (_, problems) = people(register);
        assert!(
            problems.iter().any(|problem| problem.contains(wrong)),
            "{register}: {problems:?}"
        );
    }
}
