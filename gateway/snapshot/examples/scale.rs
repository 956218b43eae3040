//! A whole country's registry: how long it takes to compile, and what it holds in memory.
//!
//! `cargo run --release -p snapshot --example scale`. 661 organisations (350 state agencies, 290 municipalities, 21 regions),
//! 5,000 APIs of ten routes, 20,000 applications with a key each, 50,000 agreements.
#![expect(clippy::print_stdout, reason = "a benchmark reports on its standard output")]

use http::Method;
use snapshot::{
    AgreementDraft, AgreementKind, ApiDraft, ApplicationDraft, Authentication, BackendDraft, Draft, KeyDraft,
    LifecycleState, OrganisationDraft, OrganisationKind, RouteDraft, Snapshot,
};
use std::time::{Duration, Instant};

const ORGANISATIONS: usize = 661;
const APIS: usize = 5_000;
const ROUTES_PER_API: usize = 10;
const APPLICATIONS: usize = 20_000;
const AGREEMENTS: usize = 50_000;

fn main() {
    let draft = draft();
    let before = resident_kib();
    let begin = Instant::now();
    let compiled = Snapshot::compile(&draft);
    let took = begin.elapsed();
    match compiled {
        Ok(snapshot) => println!(
            "{} organisations, {} APIs, {} routes, {} applications, {} agreements: compiled in {:.0} ms, {} MiB held",
            snapshot.organisations().len(),
            snapshot.apis().len(),
            snapshot.routes().len(),
            snapshot.applications().len(),
            snapshot.agreements().len(),
            took.as_secs_f64() * 1_000.0,
            resident_kib().saturating_sub(before) / 1_024
        ),
        Err(problems) => println!("{} problems, the first: {:?}", problems.len(), problems.first()),
    }
}

/// Resident memory of this process, from the kernel; 0 where it does not tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn draft() -> Draft {
    Draft {
        version: 1,
        organisations: (0..ORGANISATIONS).map(organisation).collect(),
        backends: (0..ORGANISATIONS).map(backend).collect(),
        apis: (0..APIS).map(api).collect(),
        applications: (0..APPLICATIONS).map(application).collect(),
        agreements: (0..AGREEMENTS).map(agreement).collect(),
        ..Draft::default()
    }
}

fn organisation(number: usize) -> OrganisationDraft {
    OrganisationDraft {
        id: owner(number),
        name: format!("Organisation {number}"),
        kind: match number {
            0..350 => OrganisationKind::StateAgency,
            350..640 => OrganisationKind::Municipality,
            _ => OrganisationKind::Region,
        },
    }
}

fn owner(number: usize) -> String {
    format!("organisation-{}", number % ORGANISATIONS)
}

fn backend(number: usize) -> BackendDraft {
    BackendDraft {
        id: format!("backend-{number}"),
        organisation: owner(number),
        addresses: vec![format!("https://backend-{number}.example.se")],
        connect_timeout: Duration::from_secs(1),
        allow_private_network: false,
        ca_file: None,
        assertion: snapshot::Assertion::None,
        traffic: snapshot::BackendTraffic::default(),
    }
}

fn api(number: usize) -> ApiDraft {
    let route = |route: usize| RouteDraft {
        method: Some(Method::GET),
        path: match route % 2 {
            0 => format!("/collection-{route}"),
            _ => format!("/collection-{route}/{{itemId}}"),
        },
        scopes: vec!["items.read".into()],
        authentication: None,
    };
    ApiDraft {
        id: format!("api-{number}-v1"),
        name: format!("api-{number}"),
        title: format!("API {number}"),
        version: "1.0.0".into(),
        released: "2026-01-31".into(),
        organisation: owner(number),
        state: LifecycleState::Active,
        deprecated_at: None,
        sunset_at: None,
        successor: None,
        authentication: Authentication::Key,
        audience: String::new(),
        sender_constraint: snapshot::SenderConstraint::None,
        base_path: None,
        personal_data: true,
        limits: Vec::new(),
        cors: None,
        deadline: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        max_body_bytes: 0,
        backend: Some(format!("backend-{}", number % ORGANISATIONS)),
        traffic: snapshot::ApiTraffic::default(),
        routes: (0..ROUTES_PER_API).map(route).collect(),
        documents: Vec::new(),
    }
}

fn application(number: usize) -> ApplicationDraft {
    ApplicationDraft {
        id: format!("application-{number}"),
        name: format!("Application {number}"),
        organisation: owner(number),
        keys: vec![KeyDraft {
            id: format!("key{number:08}"),
            hash: [7; 32],
            expires_at: None,
        }],
        ..ApplicationDraft::default()
    }
}

/// Between an API's owner and one application.
fn agreement(number: usize) -> AgreementDraft {
    let (api, application) = (number % APIS, (number * 7_919) % APPLICATIONS);
    AgreementDraft {
        id: format!("agreement-{number}"),
        kind: AgreementKind::Overenskommelse,
        purpose: "To ask for what is known already".into(),
        producers: vec![owner(api)],
        consumers: vec![owner(application)],
        applications: vec![format!("application-{application}")],
        apis: vec![format!("api-{api}-v1")],
        suppliers: Vec::new(),
        suspended: false,
        scopes: vec!["items.read".into()],
        limits: Vec::new(),
        valid_from: 1_000,
        valid_to: None,
    }
}
