//! Tokens that are bound to a certificate (RFC 8705), over TLS as it is: curl and OpenSSL against a node of its own.

use crate::assertions::{SECRET, backend};
use crate::process::{Vagvisare, shell, start};
use serde_json::Value;
use std::path::Path;
use test_parts::free_port;

/// A node that speaks TLS, and two callers with a certificate each, of whom one is registered.
struct Place {
    folder: tempfile::TempDir,
    base: String,
    _node: Vagvisare,
}

/// Writes `NAME.pem` and `NAME.key`; gives the certificate in DER.
pub(crate) fn certificate(folder: &Path, name: &str, subject: &str) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(vec![subject.to_owned()]).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), made.cert.pem()).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().to_vec()
}

const AUDIENCE: &str = "https://api.example/greeting/v1";

impl Place {
    fn begin() -> (Self, String) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        certificate(at, "server", "localhost");
        certificate(at, "stranger", "stranger.example");
        let registered = certificate(at, "own", "own.example");
        std::fs::write(at.join("own.der"), &registered).unwrap();
        let hex = shell(&format!("sha256sum < '{}' | cut -c1-64", at.join("own.der").display()));
        let registry = format!(
            "version = 1\n\
             [[organisations]]\nid = \"agency\"\nname = \"The Agency\"\nkind = \"stateAgency\"\n\
             [[organisations]]\nid = \"bank\"\nname = \"The Bank\"\nkind = \"privateActor\"\n\
             [[backends]]\nid = \"b\"\norganisation = \"agency\"\naddresses = [\"http://127.0.0.1:{}\"]\nallow_private_network = true\n\
             [[apis]]\nname = \"greeting\"\ntitle = \"Greeting\"\nversion = \"1.0.0\"\nreleased = 2026-01-01\norganisation = \"agency\"\nstate = \"active\"\n\
             authentication = \"token\"\naudience = \"{AUDIENCE}\"\nsender_constraint = \"mtls\"\npersonal_data = false\nbackend = \"b\"\n\
             [[apis.routes]]\nmethod = \"GET\"\npath = \"/words\"\n\
             [[applications]]\nid = \"app\"\nname = \"App\"\norganisation = \"bank\"\ncertificates = [\"{}\"]\n\
             [[agreements]]\nid = \"a1\"\nkind = \"anvandarvillkor\"\npurpose = \"tests\"\nproducers = [\"agency\"]\nconsumers = [\"bank\"]\napis = [\"greeting-v1\"]\nvalid_from = 2026-01-01\n",
            backend(),
            hex.trim()
        );
        std::fs::write(at.join("registry.toml"), registry).unwrap();
        for secret in ["pepper", "secret"] {
            std::fs::write(at.join(secret), SECRET).unwrap();
            std::fs::set_permissions(at.join(secret), std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        // The issuer's name holds the port, so it is chosen before the node starts.
        let port = free_port();
        let config = format!(
            "[listen]\naddress = \"127.0.0.1:{port}\"\n[listen.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nclient_certificates = true\n\
             [gateway]\npublic_base_url = \"https://localhost:{port}\"\n[operations]\nlisten = \"127.0.0.1:0\"\n[registry]\ndocument = \"registry.toml\"\n\
             [identity]\npepper_file = \"pepper\"\n[identity.service]\ndatabase = \"sqlite:{}\"\nkey_encryption_file = \"secret\"\n\
             [network]\nallow_private_backends = true\n[telemetry]\naccess_log = \"off\"\n",
            at.join("identity.sqlite").display()
        );
        std::fs::write(at.join("config.toml"), config).unwrap();
        let mut node = start(&["serve", "--config", at.join("config.toml").to_str().unwrap()]);
        node.wait_for("ready ");
        let thumbprint = identity::dpop::hash(&registered);
        let place = Self {
            base: format!("https://localhost:{port}"),
            folder,
            _node: node,
        };
        (place, thumbprint)
    }

    /// A call with the certificate of `who`, or with none: status, head and body.
    fn call(&self, who: Option<&str>, arguments: &str) -> (u16, String, Value) {
        let at = self.folder.path().display();
        let shown = who.map_or_else(String::new, |who| {
            format!("--cert '{at}/{who}.pem' --key '{at}/{who}.key'")
        });
        let answer = shell(&format!(
            "curl -s -i --http1.1 --cacert '{at}/server.pem' {shown} {arguments}"
        ));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (
            status,
            head.to_ascii_lowercase(),
            serde_json::from_str(body).unwrap_or_default(),
        )
    }

    fn ask_for_token(&self, who: Option<&str>) -> (u16, String, Value) {
        let form = format!("-d grant_type=client_credentials -d client_id=app --data-urlencode resource={AUDIENCE}");
        self.call(who, &format!("{form} {}/oauth2/token", self.base))
    }

    fn use_token(&self, who: Option<&str>, more: &str, token: &str) -> (u16, String, Value) {
        let call = format!(
            "{more} -H 'Authorization: Bearer {token}' {}/greeting/v1/words",
            self.base
        );
        self.call(who, &call)
    }
}

/// What a token says, by whoever looks.
fn claims(token: &str) -> Value {
    let line = format!("printf %s '{token}' | cut -d. -f2 | tr -- '-_' '+/' | base64 -d 2>/dev/null || true");
    serde_json::from_str(&shell(&line)).unwrap()
}

#[test]
fn a_token_is_used_over_the_certificate_that_it_was_got_with_and_over_no_other() {
    let (place, thumbprint) = Place::begin();

    // The registered certificate says who the client is, and binds the token.
    let (status, _, granted) = place.ask_for_token(Some("own"));
    assert_eq!(
        (status, granted["token_type"].as_str()),
        (200, Some("Bearer")),
        "{granted}"
    );
    let token = granted["access_token"].as_str().unwrap();
    let said = claims(token);
    assert_eq!(said["cnf"]["x5t#S256"], thumbprint.as_str(), "{said}");
    assert_eq!(said["client_id"], "app");
    for version in ["--tls-max 1.2", "--tlsv1.3"] {
        let (status, _, body) = place.use_token(Some("own"), version, token);
        assert_eq!(status, 200, "{version}: {body}");
    }

    // Over another certificate or none it is nobody's, and the challenge says why (RFC 6750 section 3.1).
    for other in [Some("stranger"), None] {
        let (status, head, problem) = place.use_token(other, "", token);
        assert_eq!(
            (status, &problem["reason"]),
            (401, &"invalid_token".into()),
            "{other:?}: {problem}"
        );
        assert!(
            head.contains("www-authenticate: ") && head.contains("error=\"invalid_token\""),
            "{other:?}: {head}"
        );
        assert!(problem["detail"].as_str().unwrap().contains("certificate"), "{problem}");
    }

    // Who shows another certificate or none is no client (RFC 6749 section 5.2), and learns of no other.
    for other in [Some("stranger"), None] {
        let (status, _, refused) = place.ask_for_token(other);
        assert_eq!(
            (status, &refused["error"]),
            (401, &"invalid_client".into()),
            "{other:?}: {refused}"
        );
    }
    // A header that says so is not a certificate.
    let forged = format!("-H 'Vagvisare-Client-Certificate: {thumbprint}'");
    let form = format!("-d grant_type=client_credentials -d client_id=app --data-urlencode resource={AUDIENCE}");
    let (status, _, refused) = place.call(None, &format!("{forged} {form} {}/oauth2/token", place.base));
    assert_eq!(
        (status, &refused["error"]),
        (401, &"invalid_client".into()),
        "{refused}"
    );
    assert_eq!(place.use_token(None, &forged, token).0, 401);
}
