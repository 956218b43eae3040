//! When credentials were last used: seen by their owner, whatever they are and wherever they were shown, and by nobody else.

use crate::world::{Node, World};
use identity::client_key::{Algorithm, ClientKey, generate};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

const DATABASE: &str = "sqlite:registry.sqlite";

/// The credential of this name, once it has been used, as its owner sees it.
async fn used(world: &World, node: &Node, key: &str, path: &str, name: &str) -> Value {
    let begun = Instant::now();
    loop {
        let list = world.get(node, key, path).await.body;
        let all = list["credentials"].as_array().unwrap_or_else(|| panic!("{list}"));
        let one = all.iter().find(|one| one["name"] == name);
        let one = one.unwrap_or_else(|| panic!("{name} is not in {list}"));
        if one["lastUsedAt"].is_string() {
            return list;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{name}: {list}");
        // More often would be over the registry's own limit.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The token service's configuration, its secret written beside it.
fn token_service(world: &World) -> String {
    let secret = world.folder.path().join("secret");
    std::fs::write(&secret, crate::assertions::SECRET).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!(
        "[identity.service]\ndatabase = \"sqlite:{}\"\nkey_encryption_file = \"secret\"\n",
        world.folder.path().join("identity.sqlite").display()
    )
}

#[tokio::test]
async fn who_owns_a_credential_sees_to_the_minute_when_it_was_last_used() {
    let world = World::begin(DATABASE);
    let node = world.node_after("true", "first", DATABASE, &token_service(&world));
    let serving = world.serving(&node).await;
    let path = format!("/applications/{}/credentials", serving.application_id);
    let made = async |body: Value| world.make(&node, &serving.bank.key, &path, body).await;

    let pair = generate(Algorithm::EdDSA).unwrap();
    let key = ClientKey::from_pem(pair.private_pem.expose()).unwrap();
    made(json!({ "name": "pair", "kind": "jwks", "jwks": { "keys": [key.public_jwk()] } })).await;
    let client_secret = made(json!({ "name": "secret", "kind": "clientSecret" })).await;
    made(json!({ "name": "unused", "kind": "apiKey" })).await;

    // The application proves who it is; that it gets no token for this API is another matter.
    let token = format!("{}/oauth2/token", node.gateway);
    let form = async |assertion: Option<String>| {
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("resource", "none".to_owned()),
        ];
        let request = world.client.post(&token);
        let request = match assertion {
            Some(assertion) => {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                form.extend([
                    ("client_assertion_type", kind.to_owned()),
                    ("client_assertion", assertion),
                ]);
                request
            }
            None => request.basic_auth(&serving.application_id, client_secret["secret"].as_str()),
        };
        let answer: Value = request.form(&form).send().await.unwrap().json().await.unwrap();
        answer["error"].as_str().unwrap().to_owned()
    };
    // What was made before the last key is known with it; asking until it is would lock the client out.
    let last = made(json!({ "name": "last", "kind": "apiKey" })).await;
    world.served_until(&node, last["secret"].as_str().unwrap(), 200).await;
    for with_key in [true, false] {
        let now = jiff::Timestamp::now().as_second();
        let assertion = with_key.then(|| key.assertion(&serving.application_id, &node.gateway, now).unwrap());
        assert_eq!(form(assertion).await, "invalid_target");
    }
    for name in ["pair", "secret", "k"] {
        used(&world, &node, &serving.bank.key, &path, name).await;
    }
    let list = used(&world, &node, &serving.bank.key, &path, "k").await;
    for one in list["credentials"].as_array().unwrap() {
        match one["lastUsedAt"].as_str() {
            Some(at) => assert!(at.ends_with(":00Z") && one["name"] != "unused", "{list}"),
            None => assert_eq!(one["name"], "unused", "{list}"),
        }
    }
    // The other side of the agreement sees none of it, and neither does a document of the registry.
    assert_eq!(world.get(&node, &serving.agency.key, &path).await.status, 404);
}

#[tokio::test]
async fn a_certificate_shows_when_it_was_last_used() {
    let mut world = World::begin(DATABASE);
    let folder = world.folder.path().to_owned();
    for (name, subject) in [("server", "127.0.0.1"), ("own", "own.example")] {
        crate::mtls::certificate(&folder, name, subject);
    }
    let tls = "[listen.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nclient_certificates = true\n";
    let node = world.node_after("true", "first", DATABASE, &(token_service(&world) + tls));
    let client = || {
        let server = std::fs::read(folder.join("server.pem")).unwrap();
        reqwest::Client::builder().add_root_certificate(reqwest::Certificate::from_pem(&server).unwrap())
    };
    world.client = client().build().unwrap();
    world.organisation(&node, "bank", "privateActor").await;
    let bank = world.member(&node, "bank", &["agencyAdmin"]).await;
    let application = json!({"applicationId": "bank.app", "name": "app"});
    world.make(&node, &bank.key, "/applications", application).await;
    let path = "/applications/bank.app/credentials";
    let hash = crate::process::shell(&format!(
        "openssl x509 -in '{}' -outform DER | sha256sum | cut -c1-64",
        folder.join("own.pem").display()
    ));
    // Whichever way it is written.
    for (name, hash) in [("shown", hash.trim().to_uppercase()), ("other", "0".repeat(64))] {
        let certificate = json!({"name": name, "kind": "tlsCertificate", "certificateSha256": hash});
        world.make(&node, &bank.key, path, certificate).await;
    }
    // What was made before this member's key is known with it.
    world.member(&node, "bank", &["developer"]).await;

    let mut own = std::fs::read(folder.join("own.pem")).unwrap();
    own.extend(std::fs::read(folder.join("own.key")).unwrap());
    let identity = reqwest::Identity::from_pem(&own).unwrap();
    let shows = client().identity(identity).build().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("resource", "none"),
        ("client_id", "bank.app"),
    ];
    // It proves who it is; that it gets no token for this API is another matter.
    let asked = shows.post(format!("{}/oauth2/token", node.gateway)).form(&form);
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"], "invalid_target", "{answer}");
    let list = used(&world, &node, &bank.key, path, "shown").await;
    let all = list["credentials"].as_array().unwrap();
    let other = all.iter().find(|one| one["name"] == "other").unwrap();
    assert!(other["lastUsedAt"].is_null(), "{list}");
}
