//! What the registry is told when a client has proved who it is: by what it knows the credential.

use crate::key_server::KeyServer;
use crate::service_support::{CASES, ISSUER, JWT_BEARER, Node, draft, now, pepper};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use database::Database;
use identity::api_key;
use identity::client_key::{Algorithm, ClientKey, generate};
use identity::service::{KeyEncryption, MIGRATIONS, Registry, Service, Settings};
use snapshot::Snapshot;
use std::sync::{Arc, Mutex};

#[derive(Debug)]
struct Told {
    snapshot: Arc<Snapshot>,
    used: Mutex<Vec<String>>,
}

impl Registry for Told {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn used(&self, credential: &str, at: i64) {
        assert!((now() - 60..=now()).contains(&at), "{at}");
        self.used.lock().unwrap().push(credential.to_owned());
    }
}

/// The fingerprint of the certificate that `keyless` shows.
fn fingerprint() -> [u8; 32] {
    std::array::from_fn(|at| u8::try_from(at).unwrap() + 0xa0)
}

/// A node whose client `app` has this key and publishes its keys at `url`.
async fn publishing(key: ClientKey, url: &str, allow_private: bool) -> (Node, Arc<Told>, tempfile::TempDir) {
    let secret = api_key::generate("client", &pepper()).unwrap();
    let mut draft = draft(&key, &secret);
    let application = |id: &str| draft.applications.iter().position(|one| one.id == id).unwrap();
    let (publishes, shows) = (application("app"), application("keyless"));
    (
        draft.applications[publishes].jwks,
        draft.applications[publishes].jwks_url,
    ) = (None, Some(url.to_owned()));
    draft.applications[shows].certificates = vec![[9; 32], fingerprint()];
    let registry = Arc::new(Told {
        snapshot: Arc::new(Snapshot::compile(&draft).unwrap()),
        used: Mutex::default(),
    });
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("identity.sqlite").display());
    let mut settings = Settings::new(ISSUER, KeyEncryption::from_secret(&pepper()));
    settings.allow_private_key_sets = allow_private;
    let database = Database::open(&address, &[MIGRATIONS]).await.unwrap();
    let service = Service::open(settings, database, Arc::clone(&registry) as Arc<dyn Registry>)
        .await
        .unwrap();
    service.verifier(Vec::new()).unwrap();
    let node = Node {
        service,
        key: Arc::new(key),
        secret: secret.text.expose().to_owned(),
        snapshot: Arc::clone(&registry.snapshot),
    };
    (node, registry, folder)
}

fn new_key() -> ClientKey {
    ClientKey::from_pem(generate(Algorithm::ES256).unwrap().private_pem.expose()).unwrap()
}

#[tokio::test]
async fn published_keys_at_a_forbidden_address_are_told_as_such_and_nobody_is_asked() {
    for address in [
        "https://127.0.0.1/jwks",
        "https://localhost/jwks",
        "https://169.254.169.254/jwks",
    ] {
        let (node, registry, _folder) = publishing(new_key(), address, false).await;
        let answer = node.post("/oauth2/token", &node.good(), &[]).await;
        let told = answer.body.to_string();
        assert_eq!(answer.status, 401, "{told}");
        assert!(
            told.contains("invalid_client") && told.contains("jwks_url") && told.contains("public internet"),
            "{told}"
        );
        assert!(registry.used.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_is_told_by_its_fingerprint_and_published_keys_by_their_address() {
    let key = new_key();
    let server = KeyServer::with_keys(&[key.public_jwk().clone()]).await;
    let url = format!("http://{}/jwks", server.address);
    let (node, registry, _folder) = publishing(key, &url, true).await;
    let told = || std::mem::take(&mut *registry.used.lock().unwrap());

    node.token().await;
    assert_eq!(told(), [format!("app/{url}")]);
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", "keyless".to_owned()),
        ("resource", CASES.to_owned()),
    ];
    let shown = URL_SAFE_NO_PAD.encode(fingerprint());
    let header = [("vagvisare-client-certificate", shown.as_str())];
    node.post("/oauth2/token", &form, &header).await.token();
    let hex: String = (0xa0..0xc0).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told(), [format!("keyless/{hex}")]);

    // Nobody has used what is refused.
    node.post(
        "/oauth2/token",
        &form,
        &[("vagvisare-client-certificate", &URL_SAFE_NO_PAD.encode([8; 32]))],
    )
    .await;
    let other = new_key();
    let mut form = node.good();
    form.retain(|(name, _)| *name != "client_assertion");
    form.push(("client_assertion", other.assertion("app", ISSUER, now()).unwrap()));
    assert!(form.contains(&("client_assertion_type", JWT_BEARER.to_owned())));
    assert_eq!(node.post("/oauth2/token", &form, &[]).await.status, 401);
    assert_eq!(told(), Vec::<String>::new());
}
