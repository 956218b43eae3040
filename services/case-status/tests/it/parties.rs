//! Whose a case is, whoever has a part in it: for any graph of parties the answer is what the graph says, each filter gives
//! exactly those, and nobody meets a case that they have no part in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use case_status::{Form, Producer};
use futures_util::future::join_all;
use model::LocalizedText;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Answer, Running};
use crate::worse::serve;

/// People are numbered from 0; strangers, whom the party register does not know, from here on.
const STRANGERS: usize = 100;

const WORDS: [&str; 3] = ["own", "child", "represented"];

const ROLES: [&str; 4] = ["applicant", "affected", "guardian", "representative"];

/// Somebody's part in a case. Without a role the source knows that they have one and does not say which.
#[derive(Clone, Debug)]
struct Part {
    who: usize,
    role: Option<&'static str>,
    /// The source names them also in the answer that is theirs, rather than leave that out.
    named: bool,
}

#[derive(Clone, Debug)]
struct Matter {
    source: usize,
    parts: Vec<Part>,
}

/// Who may act for whom, and because of what.
#[derive(Clone, Copy, Debug)]
struct Relation {
    actor: usize,
    of: usize,
    kind: &'static str,
}

#[derive(Clone, Debug)]
struct Graph {
    people: usize,
    sources: usize,
    matters: Vec<Matter>,
    relations: Vec<Relation>,
    /// Whether the register says in one call who has to do with a person.
    lists: bool,
}

fn graph() -> impl Strategy<Value = Graph> {
    (2..6_usize, 1..4_usize).prop_flat_map(|(people, sources)| {
        let who = prop_oneof![6 => 0..people, 1 => STRANGERS..STRANGERS + 3];
        let role = prop_oneof![1 => Just(None), 6 => select(&ROLES[..]).prop_map(Some)];
        let part = (who, role, any::<bool>()).prop_map(|(who, role, named)| Part { who, role, named });
        let matter = (0..sources, vec(part, 1..5)).prop_map(|(source, parts)| Matter { source, parts });
        let kind = select(&["guardian", "representative"][..]);
        let relation = (0..people, 0..people, kind).prop_map(|(actor, of, kind)| Relation { actor, of, kind });
        (vec(matter, 0..12), vec(relation, 0..5), any::<bool>()).prop_map(move |(matters, relations, lists)| Graph {
            people,
            sources,
            matters,
            relations: relations.into_iter().filter(|one| one.actor != one.of).collect(),
            lists,
        })
    })
}

fn party(person: usize) -> String {
    format!("person-{person}")
}

/// What a source calls somebody; no answer may hold it.
fn identifier(who: usize, source: usize) -> String {
    format!("known-as-{who}-at-{source}")
}

/// Whom a source means, and which source that is.
fn meant(identifier: &str) -> Option<(usize, usize)> {
    let (who, source) = identifier.strip_prefix("known-as-")?.split_once("-at-")?;
    Some((who.parse().ok()?, source.parse().ok()?))
}

// === What the graph says: the oracle, which knows nothing of the service ===

impl Graph {
    fn has_to_do_with(&self, who: usize, source: usize) -> bool {
        self.matters.iter().any(|one| one.source == source && one.concerns(who))
    }

    /// Each of a person's cases and whose it is, as seen by this actor or by themselves.
    fn expected(&self, person: usize, actor: Option<Relation>) -> BTreeMap<String, &'static str> {
        let theirs = self.matters.iter().enumerate().filter(|(_, one)| one.concerns(person));
        theirs
            .map(|(at, matter)| {
                let word = match actor.map(|actor| actor.kind).or(matter.first_role(person)) {
                    Some("guardian") => "child",
                    Some("representative") => "represented",
                    _ => "own",
                };
                (format!("case {at}"), word)
            })
            .collect()
    }
}

impl Matter {
    fn concerns(&self, who: usize) -> bool {
        self.parts.iter().any(|part| part.who == who)
    }

    fn first_role(&self, who: usize) -> Option<&'static str> {
        self.parts
            .iter()
            .filter(|part| part.who == who)
            .find_map(|part| part.role)
    }

    /// Whoever may be named in it to this person and who acts for them.
    fn names(&self, person: usize, actor: Option<Relation>) -> BTreeSet<String> {
        let told = self
            .parts
            .iter()
            .filter(|part| part.who < STRANGERS && part.role.is_some());
        told.map(|part| part.who)
            .chain([person])
            .chain(actor.map(|actor| actor.actor))
            .map(party)
            .collect()
    }
}

// === The sources and the register ===

#[derive(Deserialize)]
struct Asked {
    party: String,
}

async fn cases(State(graph): State<Arc<Graph>>, Path(source): Path<usize>, Query(asked): Query<Asked>) -> Response {
    let Some((who, at)) = meant(&asked.party) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    assert_eq!(at, source, "a source is asked in another's words");
    let theirs = graph.matters.iter().enumerate();
    let theirs = theirs.filter(|(_, one)| one.source == source && one.concerns(who));
    let told = theirs.map(|(at, matter)| {
        let part = |part: &Part| {
            let role = part.role?;
            let implied = part.who == who && !part.named;
            Some(match implied {
                true => json!({ "role": role }),
                false => json!({ "role": role, "party": identifier(part.who, source) }),
            })
        };
        json!({
            "reference": format!("R-{at}"), "title": { "sv": format!("case {at}") }, "status": "inProgress",
            "requiresAction": false, "ballHolder": "agency", "lastChangedAt": "2026-10-04T10:00:00Z",
            "parties": matter.parts.iter().filter_map(part).collect::<Vec<_>>(),
        })
    });
    Json(json!({ "party": asked.party, "cases": told.collect::<Vec<_>>() })).into_response()
}

/// The person and the source that a question to the register is about.
fn asked_of(question: &Value) -> (Option<usize>, Option<usize>) {
    let number = |field: &str, prefix: &str| question[field].as_str()?.strip_prefix(prefix)?.parse().ok();
    (number("partyId", "person-"), number("organisationId", "organisation-"))
}

async fn engagements(State(graph): State<Arc<Graph>>, Json(question): Json<Value>) -> Response {
    let (Some(person), true) = (asked_of(&question).0, graph.lists) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let engaged = (0..graph.sources).filter(|source| graph.has_to_do_with(person, *source));
    let one = |source| json!({ "organisationId": format!("organisation-{source}"), "identifier": identifier(person, source) });
    Json(json!({ "engagements": engaged.map(one).collect::<Vec<_>>() })).into_response()
}

async fn look_up(State(graph): State<Arc<Graph>>, Json(question): Json<Value>) -> Response {
    match asked_of(&question) {
        (Some(person), Some(source)) if graph.has_to_do_with(person, source) => {
            Json(json!({ "identifier": identifier(person, source) })).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn identify(Json(question): Json<Value>) -> Response {
    let found = question["identifier"].as_str().and_then(meant);
    match (found, asked_of(&question).1) {
        (Some((who, at)), Some(source)) if who < STRANGERS && at == source => {
            Json(json!({ "partyId": party(who) })).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

// === The property ===

/// Every way to ask for one, two or all of the words, in any order, and none.
fn filters() -> Vec<(String, Vec<&'static str>)> {
    let mut all = vec![(String::new(), WORDS.to_vec())];
    for first in WORDS {
        all.push((format!("&whose={first}"), vec![first]));
        for second in WORDS.into_iter().filter(|second| *second != first) {
            all.push((format!("&whose={first},{second}"), vec![first, second]));
        }
    }
    all.push((format!("&whose={},own", WORDS.join(",")), WORDS.to_vec()));
    all
}

async fn get_as(service: &Running, person: usize, actor: Option<Relation>, path: &str) -> Answer {
    let party_of_actor = actor.map(|actor| party(actor.actor)).unwrap_or_default();
    let kind = actor.map(|actor| actor.kind).unwrap_or_default();
    let headers = [
        ("vagvisare-actor", party_of_actor.as_str()),
        ("vagvisare-relation", kind),
    ];
    let headers = if actor.is_some() { &headers[..] } else { &[] };
    service.get_with(&party(person), path, headers).await
}

/// Each case's title and whose it is.
fn whose(answer: &Answer) -> BTreeMap<String, &str> {
    let one = |case: &&Value| case["title"]["sv"].as_str().unwrap().to_owned();
    let cases = answer.cases();
    let told: BTreeMap<_, _> = cases
        .iter()
        .map(|case| (one(case), case["whose"].as_str().unwrap()))
        .collect();
    assert_eq!(told.len(), cases.len(), "a case is told twice");
    told
}

async fn ask_everything(service: &Running, graph: &Graph, person: usize, actor: Option<Relation>) {
    let all = graph.expected(person, actor);
    let filters = filters();
    let asked = filters.iter().map(|(filter, words)| async move {
        let path = format!("/cases?limit=100{filter}");
        (filter, words, get_as(service, person, actor, &path).await)
    });
    for (filter, words, answer) in join_all(asked).await {
        let context = format!("person {person}, {actor:?}, {filter:?}");
        assert_eq!(
            (answer.status, &answer.body["complete"]),
            (200, &json!(true)),
            "{context}"
        );
        let mut wanted = all.clone();
        wanted.retain(|_, word| words.contains(word));
        assert_eq!(whose(&answer), wanted, "{context}");
        assert!(!answer.body.to_string().contains("known-as-"), "{context}");
        for case in answer.cases() {
            let title = case["title"]["sv"].as_str().unwrap();
            let at: usize = title.trim_start_matches("case ").parse().unwrap();
            let named = case["parties"].as_array().unwrap().iter();
            let named: BTreeSet<_> = named.map(|one| one["partyId"].as_str().unwrap().to_owned()).collect();
            assert_eq!(named, graph.matters[at].names(person, actor), "{context}: {case}");
        }
    }
}

/// Each case by itself: the same word for whoever has a part in it, and nothing at all for anybody else.
async fn ask_for_each(service: &Running, graph: &Graph) {
    let mut ids = BTreeMap::new();
    for person in 0..graph.people {
        let list = get_as(service, person, None, "/cases?limit=100").await;
        for case in list.cases() {
            let text = |field: &Value| field.as_str().unwrap().to_owned();
            let before = ids.insert(text(&case["title"]["sv"]), text(&case["caseId"]));
            assert!(
                before.is_none_or(|before| case["caseId"] == before),
                "one case, two ids: {case}"
            );
        }
    }
    for person in 0..graph.people {
        let theirs = graph.expected(person, None);
        for (title, id) in &ids {
            let answer = get_as(service, person, None, &format!("/cases/{id}")).await;
            let told = (answer.status, answer.body["whose"].as_str());
            let expected = theirs.get(title).map_or((404, None), |word| (200, Some(*word)));
            assert_eq!(told, expected, "person {person}, {title}");
        }
    }
}

async fn try_graph(graph: Graph, order: Vec<usize>) {
    let graph = Arc::new(graph);
    let router = Router::new()
        .route("/source/{source}/cases", get(cases))
        .route("/parties/engagements", post(engagements))
        .route("/parties/lookups", post(look_up))
        .route("/parties/identifications", post(identify))
        .with_state(Arc::clone(&graph));
    let (url, _task) = serve(router).await;
    let producer = |source: usize| Producer {
        id: format!("s{source}"),
        organisation_id: format!("organisation-{source}"),
        name: LocalizedText::swedish(format!("Källa {source}")),
        form: Form::Cases,
        base_url: format!("{url}/source/{source}"),
        relation_term: None,
        rules: Vec::new(),
    };
    // No source may be late: what is late is missing, and lists are compared here.
    let service = Running::over(
        (0..graph.sources).map(producer).collect(),
        &url,
        Duration::from_secs(60),
    )
    .await;
    // Twice: what has been learnt of one person must not show in another's answer.
    for person in order
        .iter()
        .chain(order.iter().rev())
        .copied()
        .filter(|one| *one < graph.people)
    {
        ask_everything(&service, &graph, person, None).await;
        for relation in graph.relations.iter().filter(|relation| relation.of == person) {
            ask_everything(&service, &graph, person, Some(*relation)).await;
        }
    }
    ask_for_each(&service, &graph).await;
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]

    #[test]
    fn whose_a_case_is_follows_from_the_parties_and_nobody_meets_anothers(
        graph in graph(), order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(try_graph(graph, order));
    }
}
