//! Policies of carrying calls, set through the registry's API: one of each kind takes effect on a running node, and what
//! could not be served is refused by its field.

use crate::world::{Call, Caller, Node, World};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Longest wait for anything here.
const PATIENCE: Duration = Duration::from_secs(30);

/// A backend with habits, by path.
#[derive(Debug)]
struct Habits {
    name: &'static str,
    calls: AtomicUsize,
    /// `/slow` waits for a permit.
    gate: Semaphore,
    /// Every path fails.
    fails: bool,
}

impl Habits {
    async fn start(name: &'static str, fails: bool) -> (Arc<Self>, String) {
        let habits = Arc::new(Self {
            name,
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            fails,
        });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&habits));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (habits, url)
    }

    fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }
}

async fn answer(State(habits): State<Arc<Habits>>, uri: Uri) -> Response {
    let call = habits.calls.fetch_add(1, SeqCst) + 1;
    let body = axum::Json(json!({"from": habits.name, "call": call}));
    if habits.fails {
        return (StatusCode::INTERNAL_SERVER_ERROR, body).into_response();
    }
    // A path comes as its caller sent it.
    match uri.path().rsplit('/').next().unwrap_or_default() {
        "flaky" if call == 1 => (StatusCode::SERVICE_UNAVAILABLE, body).into_response(),
        "slow" => {
            habits.gate.acquire().await.unwrap().forget();
            body.into_response()
        }
        _ => ([("cache-control", "max-age=60")], body).into_response(),
    }
}

/// An agency on a node.
struct Stage {
    world: World,
    node: Node,
    agency: Caller,
}

impl Stage {
    async fn set(database: &str) -> Self {
        let world = World::begin(database);
        let node = world.node("first", database);
        world.organisation(&node, "agency", "municipality").await;
        let agency = world.member(&node, "agency", &["agencyAdmin"]).await;
        Self { world, node, agency }
    }

    /// Registers a backend with these policies; gives its id.
    async fn backend(&self, targets: &[&str], policies: Value) -> String {
        let targets: Vec<Value> = targets.iter().map(|url| json!({"url": url})).collect();
        let body = merged(
            json!({"name": "b", "targets": targets, "privateNetwork": true}),
            policies,
        );
        let made = self.world.make(&self.node, &self.agency.key, "/backends", body).await;
        made["backendId"].as_str().unwrap().to_owned()
    }

    /// Publishes an API that anybody may call, with these policies, and waits until it is served.
    async fn api(&self, name: &str, backend: &str, policies: Value) {
        let body = merged(
            json!({"name": name, "title": "t", "version": "1.0.0", "state": "active", "authentication": "none",
                "personalData": false, "backendId": backend}),
            policies,
        );
        let key = &self.agency.key;
        self.world.make(&self.node, key, "/apis", body).await;
        let path = format!("/apis/{name}-v1");
        let anything = json!({"responses": {"200": {"description": "ok"}}});
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"}, "paths": {
            "/things": {
                "get": {"parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                    "responses": {"200": {"description": "ok"}}},
                "post": anything
            },
            "/flaky": {"get": anything}, "/slow": {"get": anything}
        }});
        let place = format!("{path}/openapi");
        self.world.change(&self.node, key, "PUT", &place, document).await;
        let place = format!("{path}/publications");
        self.world.change(&self.node, key, "POST", &place, json!({})).await;
        let begun = Instant::now();
        while self
            .world
            .served(&self.node, "", &format!("/{name}/v1/openapi.json"))
            .await
            .0
            != 200
        {
            assert!(begun.elapsed() < PATIENCE, "{name} is not served");
        }
    }

    async fn ask(&self, method: &str, path: &str, header: Option<(&'static str, &str)>) -> (u16, HeaderMap, Value) {
        let url = format!("{}{path}", self.node.gateway);
        let mut request = self.world.client.request(method.parse().unwrap(), url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.json().await.unwrap_or_default())
    }

    /// Asks until it is answered so.
    async fn until(&self, path: &str, status: u16) -> (u16, HeaderMap, Value) {
        let begun = Instant::now();
        loop {
            let answer = self.get(path).await;
            if answer.0 == status {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "not {status}: {answer:?}");
        }
    }

    async fn get(&self, path: &str) -> (u16, HeaderMap, Value) {
        self.ask("GET", path, None).await
    }
}

fn merged(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn one_of_each_kind_takes_effect_on_sqlite() {
    one_of_each_kind_takes_effect("sqlite:registry.sqlite").await;
}

#[tokio::test]
async fn one_of_each_kind_takes_effect_on_postgresql() {
    one_of_each_kind_takes_effect(&database::testing::postgres().await).await;
}

async fn one_of_each_kind_takes_effect(database: &str) {
    let stage = Stage::set(database).await;
    policies_of_apis(&stage).await;
    policies_of_backends(&stage).await;
    let trail = stage
        .world
        .get(&stage.node, &stage.agency.key, "/audit-entries?limit=100")
        .await;
    let told = trail.body.to_string();
    for field in ["\"breaker\":{", "\"maintenance\":{", "\"canary\":{"] {
        assert!(told.contains(field), "{field} is not in the trail: {told}");
    }
}

async fn policies_of_apis(stage: &Stage) {
    let (stable, url) = Habits::start("stable", false).await;
    let (next, next_url) = Habits::start("next", false).await;
    let backend = stage.backend(&[&url], json!({})).await;
    let other = stage.backend(&[&next_url], json!({})).await;

    stage.api("kept", &backend, json!({"cache": {}})).await;
    let first = stage.get("/kept/v1/things").await.2;
    assert_eq!(stage.get("/kept/v1/things").await.2, first, "asked for again");
    assert_eq!(stable.calls(), 1);

    stage.api("strict", &backend, json!({"validation": {}})).await;
    let (status, _, problem) = stage.get("/strict/v1/things?limit=many").await;
    assert_eq!((status, &problem["code"]), (400, &json!("request-invalid")));
    assert_eq!(stage.get("/strict/v1/things?limit=5").await.0, 200);

    stage
        .api("once", &backend, json!({"idempotency": {"required": true}}))
        .await;
    let key = Some(("idempotency-key", "0198f2f0-7d5c-7000-8000-0123456789ab"));
    let first = stage.ask("POST", "/once/v1/things", key).await.2;
    let (status, headers, again) = stage.ask("POST", "/once/v1/things", key).await;
    assert_eq!((status, &again), (200, &first));
    assert_eq!(headers["idempotency-replayed"], "true");
    assert_eq!(stage.ask("POST", "/once/v1/things", None).await.0, 400);

    let (flaky, flaky_url) = Habits::start("flaky", false).await;
    let flaky_backend = stage.backend(&[&flaky_url], json!({})).await;
    let retry = json!({"retry": {"statuses": [503]}});
    stage.api("again", &flaky_backend, retry).await;
    assert_eq!(stage.get("/again/v1/flaky").await.0, 200);
    assert_eq!(flaky.calls(), 2);

    let canary = json!({"canary": {"backendId": other, "header": "x-canary"}});
    stage.api("pilot", &backend, canary).await;
    assert_eq!(stage.get("/pilot/v1/things").await.2["from"], "stable");
    let pilot = stage.ask("GET", "/pilot/v1/things", Some(("x-canary", "1"))).await;
    assert_eq!(pilot.2["from"], "next");

    let seen = next.calls();
    stage
        .api("shown", &backend, json!({"mirror": {"backendId": other}}))
        .await;
    assert_eq!(stage.get("/shown/v1/things").await.2["from"], "stable");
    let begun = Instant::now();
    while next.calls() == seen {
        assert!(begun.elapsed() < PATIENCE, "the mirror is shown nothing");
        tokio::task::yield_now().await;
    }

    let aside = json!({"maintenance": {"message": "Tillbaka 06.00.", "retryAfterSeconds": 120}});
    stage.api("aside", &backend, aside).await;
    let (status, headers, problem) = stage.get("/aside/v1/things").await;
    assert_eq!((status, &problem["code"]), (503, &json!("api-maintenance")));
    assert_eq!(headers["retry-after"], "120");
    assert!(
        problem["detail"].as_str().unwrap().contains("Tillbaka 06.00."),
        "{problem}"
    );

    aside_and_back_at_once(stage, &backend).await;

    // What calls may go to is not taken away under them.
    let call = Call::new(&stage.agency.key, "DELETE", &format!("/backends/{other}")).seen("*");
    let refused = stage.world.send(&stage.node, &call).await;
    assert_eq!(refused.status, 409, "{refused:?}");
}

/// What is served is taken aside and back by itself; what is edited meanwhile stays a draft.
async fn aside_and_back_at_once(stage: &Stage, backend: &str) {
    stage.api("night", backend, json!({})).await;
    let (world, node, key) = (&stage.world, &stage.node, &stage.agency.key);
    let draft = json!({"name": "night", "title": "Not yet", "version": "1.0.0", "state": "active", "authentication": "none",
        "personalData": false, "backendId": backend});
    world.change(node, key, "PUT", "/apis/night-v1", draft).await;
    let place = "/apis/night-v1/maintenance";
    let words = json!({"message": "Tillbaka 06.00.", "messageEn": "Back at 06.00.", "retryAfterSeconds": 90});

    let aside = world.change(node, key, "PUT", place, words.clone()).await;
    assert_eq!(
        (&aside["maintenance"], &aside["published"]["api"]["maintenance"]),
        (&words, &words)
    );
    let (status, headers, problem) = stage.until("/night/v1/things", 503).await;
    assert_eq!((status, &problem["code"]), (503, &json!("api-maintenance")));
    assert_eq!(headers["retry-after"], "90");
    let said = json!({"sv": "Tillbaka 06.00.", "en": "Back at 06.00."});
    assert_eq!(problem["message"], said, "{problem}");

    // By who has read what is there, with what people can read, by who may publish.
    let call = |method: &str| Call::new(key, method, place).with(words.clone());
    assert_eq!(world.send(node, &call("PUT")).await.status, 428);
    assert_eq!(world.send(node, &call("PUT").seen("\"1\"")).await.status, 412);
    let empty = call("PUT")
        .seen("*")
        .with(json!({"message": "", "messageEn": "x".repeat(501), "retryAfterSeconds": 0}));
    let refused = world.send(node, &empty).await;
    let fields = refused.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fields: Vec<_> = fields.iter().filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(
        (refused.status, fields.as_slice()),
        (422, ["message", "messageEn", "retryAfterSeconds"].as_slice())
    );

    let back = world.change(node, key, "DELETE", place, json!(null)).await;
    assert!(
        back["maintenance"].is_null() && back["published"]["api"]["maintenance"].is_null(),
        "{back}"
    );
    assert_eq!(
        back["published"]["api"]["title"], "t",
        "nothing else was published: {back}"
    );
    assert_eq!(
        (&back["title"], &back["unpublishedChanges"]),
        (&json!("Not yet"), &json!(true))
    );
    stage.until("/night/v1/things", 200).await;
    let again = world.send(node, &Call::new(key, "DELETE", place).seen("*")).await;
    assert_eq!(again.status, 409, "{again:?}");
    let trail = world.get(node, key, "/audit-entries?limit=2").await.body;
    let actions = trail["auditEntries"].as_array().unwrap().iter();
    let actions: Vec<_> = actions.map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["resume", "maintain"], "{trail}");

    // What nobody calls is not taken aside.
    let unpublished = json!({"name": "day", "title": "t", "version": "1.0.0", "state": "active", "authentication": "none",
        "personalData": false});
    world.make(node, key, "/apis", unpublished).await;
    let early = Call::new(key, "PUT", "/apis/day-v1/maintenance").with(words).seen("*");
    assert_eq!(world.send(node, &early).await.status, 409);
}

async fn policies_of_backends(stage: &Stage) {
    let (broken, broken_url) = Habits::start("broken", true).await;
    let breaker = json!({"breaker": {"minCalls": 4, "openForMilliseconds": 60000}});
    let backend = stage.backend(&[&broken_url], breaker).await;
    stage.api("paused", &backend, json!({})).await;
    for _ in 0..4 {
        assert_eq!(stage.get("/paused/v1/things").await.0, 500);
    }
    let (status, headers, problem) = stage.get("/paused/v1/things").await;
    assert_eq!((status, &problem["code"]), (503, &json!("agency-paused")));
    assert!(headers.contains_key("retry-after"));
    assert_eq!(broken.calls(), 4, "nothing more was sent");

    // Of two targets the one that fails is passed over, or is not where ejection is turned off.
    let (_, well_url) = Habits::start("well", false).await;
    for (name, ejection, passed_over) in [
        ("passed", json!({"failures": 1, "ejectForMilliseconds": 600_000}), true),
        ("stubborn", json!({"enabled": false}), false),
    ] {
        let (failing, url) = Habits::start("failing", true).await;
        let policies = json!({"ejection": ejection, "slowStartMilliseconds": 0});
        let backend = stage.backend(&[&well_url, &url], policies).await;
        stage.api(name, &backend, json!({})).await;
        let begun = Instant::now();
        while failing.calls() == 0 {
            assert!(begun.elapsed() < PATIENCE, "{name}: the failing target is never chosen");
            stage.get(&format!("/{name}/v1/things")).await;
        }
        let status: Value = {
            let answer = stage
                .world
                .client
                .get(format!("{}/status", stage.node.operations))
                .send();
            answer.await.unwrap().json().await.unwrap()
        };
        let told = status["backends"].as_array().unwrap();
        let own = told.iter().find(|one| one["id"] == backend.as_str()).unwrap();
        let ejected = own["addresses"].as_array().unwrap().iter();
        let ejected = ejected
            .filter(|address| address["ejectedForSeconds"].is_number())
            .count();
        assert_eq!(ejected, usize::from(passed_over), "{name}: {own}");
    }

    let (slow, slow_url) = Habits::start("slow", false).await;
    let backend = stage.backend(&[&slow_url], json!({"maxConcurrent": 1})).await;
    stage.api("narrow", &backend, json!({})).await;
    let url = format!("{}/narrow/v1/slow", stage.node.gateway);
    let held = tokio::spawn(stage.world.client.get(url).send());
    let begun = Instant::now();
    while slow.calls() == 0 {
        assert!(begun.elapsed() < PATIENCE, "the call does not arrive");
        tokio::task::yield_now().await;
    }
    let (status, _, problem) = stage.get("/narrow/v1/things").await;
    assert_eq!((status, &problem["code"]), (503, &json!("agency-busy")));
    slow.gate.add_permits(1);
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn what_could_not_be_served_is_refused_by_its_field() {
    let stage = Stage::set("sqlite:registry.sqlite").await;
    let backend = stage.backend(&["http://127.0.0.1:9"], json!({})).await;
    let of_backend = |policies: Value| {
        let body = json!({"name": "b", "targets": [{"url": "http://127.0.0.1:9"}], "privateNetwork": true});
        ("/backends", merged(body, policies))
    };
    let of_api = |policies: Value| {
        let body = json!({"name": "a", "title": "t", "version": "1.0.0", "state": "active", "authentication": "key",
            "personalData": false, "backendId": backend, "operations": [{"path": "/things"}]});
        ("/apis", merged(body, policies))
    };
    for ((path, body), field) in [
        (
            of_backend(json!({"breaker": {"failurePercent": 0}})),
            "breaker.failurePercent",
        ),
        (
            of_backend(json!({"breaker": {"windowMilliseconds": 5}})),
            "breaker.windowMilliseconds",
        ),
        (
            of_backend(json!({"breaker": {"openForMilliseconds": 5_000_000}})),
            "breaker.openForMilliseconds",
        ),
        (of_backend(json!({"breaker": {"probes": 61}})), "breaker.probes"),
        (of_backend(json!({"ejection": {"failures": 0}})), "ejection.failures"),
        (
            of_backend(json!({"ejection": {"maxPercent": 101}})),
            "ejection.maxPercent",
        ),
        (of_backend(json!({"maxConcurrent": 0})), "maxConcurrent"),
        (of_backend(json!({"maxPending": 5})), "maxPending"),
        (
            of_backend(json!({"slowStartMilliseconds": 9_000_000})),
            "slowStartMilliseconds",
        ),
        (
            of_backend(json!({"healthCheck": {"path": "/h", "intervalSeconds": 5, "timeoutMilliseconds": 1}})),
            "healthCheck.timeoutMilliseconds",
        ),
        (of_backend(json!({"breaker": {"ratio": 5}})), "breaker.ratio"),
        (of_api(json!({"retry": {"attempts": 6}})), "retry.attempts"),
        (of_api(json!({"retry": {"statuses": [404]}})), "retry.statuses"),
        (of_api(json!({"retry": {"methods": "all"}})), "retry.methods"),
        (
            of_api(json!({"idempotency": {"keepForSeconds": 5}})),
            "idempotency.keepForSeconds",
        ),
        (of_api(json!({"cache": {"maxEntryBytes": 0}})), "cache.maxEntryBytes"),
        (of_api(json!({"validation": {"requests": false}})), "validation"),
        (
            of_api(json!({"validation": {"maxBodyBytes": 99_999_999}})),
            "validation.maxBodyBytes",
        ),
        (of_api(json!({"canary": {"backendId": backend}})), "canary"),
        (
            of_api(json!({"canary": {"backendId": "agency.none", "percent": 5}})),
            "canary.backendId",
        ),
        (
            of_api(json!({"canary": {"backendId": backend, "applicationIds": ["bank.app"]}})),
            "canary.applicationIds[0]",
        ),
        (
            of_api(json!({"canary": {"backendId": backend, "header": "Vagvisare-Client"}})),
            "canary.header",
        ),
        (
            of_api(json!({"mirror": {"backendId": backend, "percent": 0}})),
            "mirror.percent",
        ),
        (
            of_api(json!({"mirror": {"backendId": "agency.none"}})),
            "mirror.backendId",
        ),
        (of_api(json!({"maintenance": {"message": ""}})), "maintenance.message"),
        (
            of_api(json!({"maintenance": {"message": "m", "messageEn": ""}})),
            "maintenance.messageEn",
        ),
        (
            of_api(json!({"maintenance": {"message": "m", "retryAfterSeconds": 0}})),
            "maintenance.retryAfterSeconds",
        ),
    ] {
        let call = Call::new(&stage.agency.key, "POST", path).with(body.clone());
        let answer = stage.world.send(&stage.node, &call).await;
        assert_eq!(answer.status, 422, "{body} {answer:?}");
        let errors = answer.body["errors"].as_array().unwrap();
        let named = errors.iter().any(|error| error["field"] == field);
        assert!(named, "{field} is not named: {answer:?}");
        let words = errors.iter().map(|error| error["message"].as_str().unwrap());
        let of_compiler = words.clone().find(|text| text.contains('_'));
        assert_eq!(of_compiler, None, "the compiler's words: {answer:?}");
    }
}
