//! What a route look-up and a compile cost, and how both grow with the number of routes.
//!
//! `cargo run --release -p snapshot --example lookup`. A third of the routes are exact, two thirds have parameters; the
//! paths asked for are spread over all of them, so that large tables miss the processor's caches as they would in use.
#![expect(clippy::print_stdout, reason = "a benchmark reports on its standard output")]

use http::Method;
use snapshot::{
    ApiDraft, Authentication, BackendDraft, Draft, Found, LifecycleState, OrganisationDraft, OrganisationKind,
    RouteDraft, Snapshot,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Paths asked for in one round.
const ASKED: usize = 4_096;
/// Rounds. The tenth percentile is reported: other work on the machine only ever adds.
const ROUNDS: usize = 101;

fn main() {
    // The processor's clock and predictors settle before anything counts.
    measure(1_000, 10);
    for (title, routes_per_api) in [("10 routes an API", 10), ("all routes in one API", usize::MAX)] {
        println!(
            "{title}\n{:>8} {:>10} {:>8} {:>12} {:>10}",
            "routes", "ns/look-up", "growth", "compile ms", "us/route"
        );
        let mut first = None;
        for routes in [10, 1_000, 10_000, 50_000] {
            let (compile, nanoseconds) = measure(routes, routes_per_api);
            let growth = nanoseconds / *first.get_or_insert(nanoseconds);
            let milliseconds = compile.as_secs_f64() * 1_000.0;
            let per_route = milliseconds * 1_000.0 / routes as f64;
            println!("{routes:>8} {nanoseconds:>10.1} {growth:>7.2}x {milliseconds:>12.2} {per_route:>10.2}");
        }
    }
}

/// Compile time of `routes` routes, and the nanoseconds of one look-up.
fn measure(routes: usize, routes_per_api: usize) -> (Duration, f64) {
    let draft = draft(routes, routes_per_api);
    let begin = Instant::now();
    let compiled = Snapshot::compile(&draft);
    let compile = begin.elapsed();
    let Ok(snapshot) = compiled else {
        return (compile, f64::NAN);
    };
    let asked: Vec<String> = (0..ASKED)
        .map(|number| path(number.wrapping_mul(7_919) % routes, routes_per_api))
        .collect();
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(&snapshot, &asked)).collect();
    rounds.sort_by(f64::total_cmp);
    (compile, rounds.get(ROUNDS / 10).copied().unwrap_or(f64::NAN))
}

/// Nanoseconds of one look-up, as the mean of a round. A miss would make the figure worthless, so it gives none.
fn round(snapshot: &Snapshot, asked: &[String]) -> f64 {
    let begin = Instant::now();
    let found = asked
        .iter()
        .filter(|path| matches!(black_box(snapshot.find(&Method::GET, path)), Found::Route(_)))
        .count();
    let nanoseconds = begin.elapsed().as_nanos() as f64 / asked.len() as f64;
    if found == asked.len() { nanoseconds } else { f64::NAN }
}

/// A registry of `routes` routes, `routes_per_api` in each API.
fn draft(routes: usize, routes_per_api: usize) -> Draft {
    let apis = routes.div_ceil(routes_per_api);
    Draft {
        version: 1,
        organisations: vec![OrganisationDraft {
            id: "o".into(),
            name: "O".into(),
            kind: OrganisationKind::Region,
        }],
        backends: vec![BackendDraft {
            id: "b".into(),
            organisation: "o".into(),
            addresses: vec!["http://127.0.0.1:8101".into()],
            connect_timeout: Duration::from_secs(1),
            allow_private_network: true,
            ca_file: None,
            assertion: snapshot::Assertion::None,
            traffic: snapshot::BackendTraffic::default(),
        }],
        apis: (0..apis).map(|number| api(number, routes, routes_per_api)).collect(),
        ..Draft::default()
    }
}

fn api(number: usize, routes: usize, routes_per_api: usize) -> ApiDraft {
    let begin = number * routes_per_api.min(routes);
    let end = routes.min(begin.saturating_add(routes_per_api));
    let route = |route: usize| RouteDraft {
        method: Some(Method::GET),
        path: template(route),
        scopes: Vec::new(),
        authentication: None,
    };
    ApiDraft {
        id: format!("api-{number}"),
        name: format!("api-{number}"),
        title: "API".into(),
        version: "1.0.0".into(),
        released: "2026-01-31".into(),
        organisation: "o".into(),
        state: LifecycleState::Active,
        deprecated_at: None,
        sunset_at: None,
        successor: None,
        authentication: Authentication::Key,
        audience: String::new(),
        sender_constraint: snapshot::SenderConstraint::None,
        base_path: None,
        personal_data: false,
        limits: Vec::new(),
        cors: None,
        deadline: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        max_body_bytes: 0,
        backend: Some("b".into()),
        traffic: snapshot::ApiTraffic::default(),
        routes: (begin..end).map(route).collect(),
        documents: Vec::new(),
    }
}

fn template(route: usize) -> String {
    match route % 3 {
        0 => format!("/collection-{route}"),
        1 => format!("/collection-{route}/{{itemId}}"),
        _ => format!("/collection-{route}/{{itemId}}/parts/{{partId}}"),
    }
}

fn path(route: usize, routes_per_api: usize) -> String {
    let api = route / routes_per_api;
    let rest = template(route)
        .replace("{itemId}", "0198c0de-7000-7000-8000-000000000001")
        .replace("{partId}", "42");
    format!("/api-{api}/v1{rest}")
}
