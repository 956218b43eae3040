//! From one agency over the person to the other, byte for byte; and everything that must not happen.

use handover::agreement::Agreements;
use handover::handover::{Receipt, State, sha256};
use handover::store::{Asker, Person, Store};
use handover::{HandoverConfig, service};
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use service_host::{Seal, ServiceTelemetry};

const AGREEMENTS: &str = "[[agreement]]
id = 'overlamning-1'
from = 'studiestod'
to = 'provkommun'
legal_bases = ['offentlighets- och sekretesslagen 12 kap. 2 §']
item_kinds = ['decision', 'statement']
valid_from = '2026-01-01'
[agreement.secure_message]
sender = '0203:studiestod.example'
sender_function = 'sdk:utkorg:0203:studiestod.example'
recipient = '0203:provkommun.example'
recipient_function = 'sdk:inkorg:0203:provkommun.example'
";

const SECRET: &[u8] = b"Alvas beslut \x00\xff med byte som inte ar text";

struct Running {
    base: String,
    client: reqwest::Client,
    directory: tempfile::TempDir,
    database: String,
}

async fn start(database: Option<String>) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let database = database.unwrap_or_else(|| format!("sqlite:{}", directory.path().join("handover.sqlite").display()));
    let config = HandoverConfig {
        database: database.clone(),
        content_key: directory.path().join("content.key"),
        agreements: Agreements::read(AGREEMENTS).unwrap(),
    };
    let service = service(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/handover/v1/handovers", listener.local_addr().unwrap());
    let telemetry = ServiceTelemetry::off();
    tokio::spawn(service_host::serve(
        listener,
        service,
        std::future::pending(),
        telemetry,
    ));
    Running {
        base,
        client: reqwest::Client::new(),
        directory,
        database,
    }
}

/// Who calls: an organisation, and a person when it speaks for one.
#[derive(Clone, Copy)]
struct As(&'static str, &'static str);
const SENDER: As = As("studiestod", "alva");
const BANK: As = As("banken", "alva");
const RECIPIENT: As = As("provkommun", "");

impl Running {
    fn request(&self, method: &str, path: &str, who: As, body: &Value) -> reqwest::RequestBuilder {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.base));
        request = request
            .header("vagvisare-organisation", who.0)
            .header("vagvisare-application", format!("{}-app", who.0));
        if !who.1.is_empty() {
            request = request
                .header("vagvisare-subject", who.1)
                .header("vagvisare-scopes", "handovers.write");
        }
        if body.is_null() { request } else { request.json(body) }
    }

    async fn send(&self, method: &str, path: &str, who: As, body: Value) -> (u16, Value) {
        let response = self.request(method, path, who, &body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn made(&self) -> String {
        let (status, made) = self.send("POST", "", SENDER, new()).await;
        assert_eq!((status, made["state"].as_str()), (201, Some("draft")), "{made}");
        made["handoverId"].as_str().unwrap().to_owned()
    }

    /// Previews and accepts in the bank's application.
    async fn sent(&self) -> String {
        let id = self.made().await;
        let (status, preview) = self.send("POST", &format!("/{id}/previews"), BANK, Value::Null).await;
        assert_eq!(status, 200, "{preview}");
        let yes = json!({"sha256": preview["sha256"]});
        let (status, sent) = self.send("POST", &format!("/{id}/acceptances"), BANK, yes).await;
        assert_eq!((status, sent["state"].as_str()), (200, Some("sent")), "{sent}");
        id
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn new() -> Value {
    json!({
        "toOrganisationId": "provkommun", "title": "Studieavbrott", "purpose": "Pröva försörjningsstöd",
        "legalBasis": "offentlighets- och sekretesslagen 12 kap. 2 §", "agreementId": "overlamning-1", "confidentiality": true,
        "items": [
            {"kind": "decision", "label": "Beslut", "mediaType": "application/pdf", "content": base64(SECRET)},
            {"kind": "statement", "label": "Intyg", "mediaType": "text/plain", "content": base64(b"abc")}
        ]
    })
}

async fn a_matter_is_handed_over_byte_for_byte(running: Running) {
    let id = running.made().await;
    let (as_recipient, content) = (format!("/{id}?side=recipient"), format!("/{id}/items/1/content"));
    // Nothing has left: the recipient does not know of it, and nothing is accepted that was not shown.
    assert_eq!(running.send("GET", &as_recipient, RECIPIENT, Value::Null).await.0, 404);
    assert_eq!(running.send("GET", &content, RECIPIENT, Value::Null).await.0, 404);
    let wrong = json!({"sha256": "0".repeat(64)});
    assert_eq!(
        running
            .send("POST", &format!("/{id}/acceptances"), BANK, wrong.clone())
            .await
            .0,
        409
    );

    let (_, preview) = running
        .send("POST", &format!("/{id}/previews"), BANK, Value::Null)
        .await;
    assert_eq!(
        preview["items"][0]["content"],
        base64(SECRET).as_str(),
        "exactly what is shared"
    );
    let manifest = preview["manifest"].as_str().unwrap();
    assert_eq!(preview["sha256"], sha256(manifest.as_bytes()).as_str());
    assert!(manifest.contains(&sha256(SECRET)) && manifest.contains("provkommun"));
    assert_eq!(
        running.send("POST", &format!("/{id}/acceptances"), BANK, wrong).await.0,
        409
    );
    let yes = json!({"sha256": preview["sha256"]});
    let (status, sent) = running
        .send("POST", &format!("/{id}/acceptances"), BANK, yes.clone())
        .await;
    assert_eq!((status, sent["state"].as_str()), (200, Some("sent")), "{sent}");
    assert_eq!(
        running.send("POST", &format!("/{id}/acceptances"), BANK, yes).await.0,
        409,
        "once"
    );

    let (_, inbox) = running.send("GET", "?side=recipient", RECIPIENT, Value::Null).await;
    assert_eq!(inbox["handovers"][0]["handoverId"], id.as_str());
    let receipts = format!("/{id}/receipts");
    let hashes =
        |first: &[u8]| json!([{"itemId": "1", "sha256": sha256(first)}, {"itemId": "2", "sha256": sha256(b"abc")}]);
    let early = json!({"state": "received", "items": hashes(SECRET)});
    assert_eq!(
        running.send("POST", &receipts, RECIPIENT, early).await.0,
        409,
        "it has fetched nothing"
    );

    let response = running
        .request("GET", &content, RECIPIENT, &Value::Null)
        .send()
        .await
        .unwrap();
    let digest = response.headers()["repr-digest"].to_str().unwrap().to_owned();
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(bytes.as_ref(), SECRET);
    let raw: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&sha256(SECRET)[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert_eq!(digest, format!("sha-256=:{}:", base64(&raw)));

    let (_, message) = running
        .send(
            "GET",
            &format!("/{id}/secure-message?side=recipient"),
            RECIPIENT,
            Value::Null,
        )
        .await;
    assert_eq!(message["data"]["attributes"]["messageStatus"], "RETRIEVED");

    let changed = json!({"state": "received", "items": hashes(b"another")});
    let (status, problem) = running.send("POST", &receipts, RECIPIENT, changed).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("items")));
    let received = json!({"state": "received", "items": hashes(&bytes)});
    let (status, done) = running.send("POST", &receipts, RECIPIENT, received).await;
    assert_eq!((status, done["state"].as_str()), (201, Some("received")), "{done}");
    // Each side sees each step; the bytes are gone.
    let (_, seen) = running.send("GET", &format!("/{id}"), BANK, Value::Null).await;
    let steps: Vec<&str> = seen["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["draft", "previewed", "sent", "retrieved", "received"]);
    assert_eq!(running.send("GET", &content, RECIPIENT, Value::Null).await.0, 409);
    assert_eq!(
        running
            .send("POST", &format!("/{id}/withdrawals"), BANK, Value::Null)
            .await
            .0,
        409
    );
}

async fn what_is_withdrawn_or_too_old_is_gone(running: Running) {
    let id = running.sent().await;
    let (status, taken) = running
        .send("POST", &format!("/{id}/withdrawals"), BANK, Value::Null)
        .await;
    assert_eq!((status, taken["state"].as_str()), (200, Some("withdrawn")));
    let content = format!("/{id}/items/1/content");
    assert_eq!(running.send("GET", &content, RECIPIENT, Value::Null).await.0, 409);
    // The recipient, who has been told of it, is told of this too.
    let (_, seen) = running
        .send("GET", &format!("/{id}?side=recipient"), RECIPIENT, Value::Null)
        .await;
    assert_eq!(seen["state"], "withdrawn");
    let id = running.made().await;
    let (status, _) = running
        .send("POST", &format!("/{id}/withdrawals?side=sender"), SENDER, Value::Null)
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        running
            .send("GET", &format!("/{id}?side=recipient"), RECIPIENT, Value::Null)
            .await
            .0,
        404
    );

    // A withdrawal and a fetch at the same time: if the bytes were given, the receipts say so.
    let seal = Seal::load_or_create(&running.directory.path().join("content.key")).unwrap();
    let store = Store::open(&running.database, seal).await.unwrap();
    for _ in 0..4 {
        let id = running.sent().await;
        let (withdrawals, content) = (format!("/{id}/withdrawals"), format!("/{id}/items/1/content"));
        let fetch = running.request("GET", &content, RECIPIENT, &Value::Null).send();
        let (withdrawn, fetched) = tokio::join!(running.send("POST", &withdrawals, BANK, Value::Null), fetch);
        assert_eq!(withdrawn.0, 200);
        let alva = Person::new("alva");
        let found = store.get(&Asker::Person(&alva), &id).await.unwrap();
        assert!(found.has_been_read() || fetched.unwrap().status() != 200);
        assert!(store.contents(&found).await.is_err());
    }
    let id = running.sent().await;
    let later = Timestamp::now().checked_add(Span::new().hours(24 * 31)).unwrap();
    assert_eq!(store.expire(later).await.unwrap(), 1);
    let (_, seen) = running.send("GET", &format!("/{id}"), BANK, Value::Null).await;
    assert_eq!(seen["state"], "expired");
    let again = Receipt {
        state: State::Retrieved,
        at: Timestamp::now(),
        by: "provkommun".to_owned(),
        reason: None,
    };
    assert!(store.advance(&id, again).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sqlite() {
    a_matter_is_handed_over_byte_for_byte(start(None).await).await;
    what_is_withdrawn_or_too_old_is_gone(start(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgresql() {
    a_matter_is_handed_over_byte_for_byte(start(Some(database::testing::postgres().await)).await).await;
    what_is_withdrawn_or_too_old_is_gone(start(Some(database::testing::postgres().await)).await).await;
}

#[tokio::test]
async fn nobody_sees_or_moves_anothers_handover() {
    let running = start(None).await;
    let id = running.sent().await;
    for stranger in [As("banken", "bo"), As("annan", "bo")] {
        for path in [format!("/{id}/previews"), format!("/{id}/withdrawals")] {
            assert_eq!(running.send("POST", &path, stranger, Value::Null).await.0, 404);
        }
        assert_eq!(
            running.send("GET", &format!("/{id}"), stranger, Value::Null).await.0,
            404
        );
    }
    let other = As("annan", "");
    for path in [
        format!("/{id}?side=recipient"),
        format!("/{id}?side=sender"),
        format!("/{id}/items/1/content"),
    ] {
        assert_eq!(running.send("GET", &path, other, Value::Null).await.0, 404);
    }
    // An agency alone, without the person, sees and does nothing on the person's side.
    assert_eq!(
        running
            .send("GET", &format!("/{id}"), As("studiestod", ""), Value::Null)
            .await
            .0,
        403
    );
    assert_eq!(running.send("POST", "", As("studiestod", ""), new()).await.0, 403);
}

#[tokio::test]
async fn without_agreement_or_legal_basis_nothing_is_made_and_what_is_wrong_is_said() {
    let running = start(None).await;
    let with = |field: &str, value: Value| {
        let mut body = new();
        body[field] = value;
        body
    };
    let mut kind = new();
    kind["items"][0]["kind"] = json!("journal");
    for (body, said) in [
        (with("agreementId", json!("annat")), "there is no agreement"),
        (with("toOrganisationId", json!("annan")), "there is no agreement"),
        (with("legalBasis", json!("för att")), "does not name that legal basis"),
        (kind, "does not cover items of the kind 'journal'"),
    ] {
        let (status, problem) = running.send("POST", "", SENDER, body).await;
        assert!(
            status == 403 && problem["detail"].as_str().unwrap().contains(said),
            "{problem}"
        );
    }
    let mut content = new();
    content["items"][1]["content"] = json!("inte base64!");
    for (body, field) in [
        (content, "items[1].content"),
        (with("items", json!([])), "items"),
        (with("expiresAt", json!("2020-01-01T00:00:00Z")), "expiresAt"),
        (with("refToHandoverId", json!("none")), "refToHandoverId"),
        (with("title", json!(" ")), "title"),
    ] {
        let (status, problem) = running.send("POST", "", SENDER, body).await;
        assert_eq!(
            (status, problem["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn an_answer_goes_on_with_the_conversation_and_nothing_lies_readable_in_the_store() {
    let running = start(None).await;
    let id = running.sent().await;
    let (_, first) = running.send("GET", &format!("/{id}"), BANK, Value::Null).await;
    // provkommun answers to studiestod: that takes an agreement of its own, which there is none of.
    let mut answer = new();
    answer["refToHandoverId"] = json!(id);
    answer["toOrganisationId"] = json!("studiestod");
    let (status, problem) = running.send("POST", "", As("provkommun", "alva"), answer).await;
    assert_eq!(status, 403, "{problem}");
    assert!(first["conversationId"].is_string());
    let mut all = Vec::new();
    for file in std::fs::read_dir(running.directory.path()).unwrap() {
        all.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for secret in [SECRET, b"Studieavbrott", "Pröva".as_bytes(), b"alva"] {
        assert!(
            !all.windows(secret.len()).any(|part| part == secret),
            "{secret:?} lies open"
        );
    }
}
