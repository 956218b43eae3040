//! Tenancy, tried on every operation of the registry's API. The walk reads the OpenAPI document that the node serves: an
//! operation or a field that names other objects and is not in the tables here stops it.

mod escalation;
mod table;
mod things;

use crate::world::{Answer, Call, Caller, Node, World};
use serde_json::{Value, json};
use table::{Operation, Recipe};
use things::{ROLES, Stage, Things};

/// An id that nobody has.
const NOBODYS: &str = "north.nothing";
/// A revision that nothing has come to.
const STALE: &str = "\"987654\"";

#[tokio::test]
async fn every_operation_keeps_each_agency_to_its_own() {
    let stage = Stage::set().await;
    let document = stage.document().await;
    let operations = table::operations(&document);
    assert!(operations.len() > 45, "{} operations", operations.len());
    let before = stage.everything_of_north().await;
    for operation in &operations {
        without_a_members_credential(&stage, operation).await;
        if operation.recipe.roles.is_empty() && operation.open {
            continue;
        }
        anothers_ids_are_unknown(&stage, operation).await;
        anothers_ids_in_bodies_are_unknown(&stage, operation, &document).await;
        foreign_fields_are_refused(&stage, operation, &document).await;
        lists_hold_nothing_of_anothers(&stage, operation).await;
        trying_out_tells_no_more(&stage, operation).await;
    }
    assert_eq!(
        before,
        stage.everything_of_north().await,
        "another agency changed something"
    );
    for operation in operations.iter().filter(|operation| !operation.open) {
        roles_may_what_they_may(&stage, operation).await;
    }
    escalation::tries(&stage).await;
}

/// What is the same in two answers to the same question: all but its place and its trace.
fn told(answer: &Answer) -> (u16, String, Value) {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        for own in ["instance", "traceId", "requestId"] {
            members.remove(own);
        }
    }
    (answer.status, answer.media.clone(), body)
}

async fn without_a_members_credential(stage: &Stage, operation: &Operation) {
    let call = |key: Option<&str>| Call {
        key: key.map(str::to_owned),
        if_match: Some("*".to_owned()),
        body: operation.body(&stage.south),
        ..operation.call(&stage.north)
    };
    if operation.open {
        assert_eq!(stage.send(&call(None)).await.status, 200, "{}", operation.id);
        return;
    }
    let none = stage.send(&call(None)).await;
    assert_eq!(none.status, 401, "{} without a key: {none:?}", operation.id);
    let (start, _) = stage.south.admin.key.rsplit_once('_').unwrap();
    let wrong = stage.send(&call(Some(&format!("{start}_{}", "x".repeat(43))))).await;
    assert_eq!(wrong.status, 401, "{} with a wrong key: {wrong:?}", operation.id);
    // An application's key opens nothing here, not even its own organisation's.
    let application = stage.send(&call(Some(&stage.north.application_key))).await;
    assert_eq!(
        application.status, 403,
        "{} with an application's key: {application:?}",
        operation.id
    );
    let revoked = stage.send(&call(Some(&stage.revoked))).await;
    assert_eq!(revoked.status, 401, "{} with a revoked key: {revoked:?}", operation.id);
    let suspended = stage.send(&call(Some(&stage.suspended))).await;
    assert_eq!(
        suspended.status, 401,
        "{} by a suspended member: {suspended:?}",
        operation.id
    );
}

/// The other agency's ids in the path, beside ids that nobody has.
async fn anothers_ids_are_unknown(stage: &Stage, operation: &Operation) {
    if operation.parameters.is_empty() {
        return;
    }
    let nothing = Things::nothing(NOBODYS);
    let mut callers = vec![("agencyAdmin", &stage.south.admin)];
    callers.extend(stage.south.others.iter().map(|(role, caller)| (*role, caller)));
    for (role, caller) in callers {
        for tag in ["\"1\"", "*", STALE] {
            let by = |things: &Things| Call {
                key: Some(caller.key.clone()),
                body: operation.body(&stage.south),
                if_match: Some(tag.to_owned()),
                ..operation.call(things)
            };
            let (theirs, unknown) = (by(&stage.north), by(&nothing));
            let (theirs, unknown) = (stage.send(&theirs).await, stage.send(&unknown).await);
            assert_eq!(told(&theirs), told(&unknown), "{} by {role}", operation.id);
            let allowed = operation.recipe.roles.contains(&role);
            let wanted = if allowed { 404 } else { 403 };
            assert_eq!(theirs.status, wanted, "{} by {role}: {theirs:?}", operation.id);
        }
    }
    // One's own holder does not lead to another's credential, nor does another spelling of its id.
    if operation.parameters.len() > 1 {
        let mixed = Things {
            credential_id: stage.north.credential_id.clone(),
            member_credential_id: stage.north.member_credential_id.clone(),
            ..stage.south.clone()
        };
        let mixed = Call {
            if_match: None,
            ..operation.call(&mixed)
        };
        let answer = stage
            .send(&Call {
                key: Some(stage.south.admin.key.clone()),
                ..mixed
            })
            .await;
        assert_eq!(answer.status, 404, "{}: {answer:?}", operation.id);
    }
    for spelling in [
        "{}%20",
        "%20{}",
        "{}%00",
        "{}.",
        "./{}",
        "{}%25",
        "%25",
        "*",
        "_",
        "{}'--",
        "{}%2f..%2f{}",
        "{}?",
        "%7B%7D",
    ] {
        let things = stage.north.respelt(spelling);
        let call = Call {
            key: Some(stage.south.admin.key.clone()),
            body: operation.body(&stage.south),
            if_match: Some("*".to_owned()),
            ..operation.call(&things)
        };
        let answer = stage.send(&call).await;
        assert!(
            (400..500).contains(&answer.status),
            "{} {}: {answer:?}",
            operation.id,
            call.path
        );
    }
}

/// The other agency's ids in a body, beside ids that nobody has.
async fn anothers_ids_in_bodies_are_unknown(stage: &Stage, operation: &Operation, document: &Value) {
    for (pointer, field) in table::references(operation, document) {
        let Some(theirs) = table::reference(operation.id.as_str(), &field, &stage.north) else {
            continue;
        };
        let with = |id: &str| {
            let mut body = operation.body(&stage.south).unwrap();
            table::put(&mut body, &pointer, id);
            let call = operation.call(&stage.south);
            Call {
                key: Some(stage.south.admin.key.clone()),
                if_match: Some("*".to_owned()),
                body: Some(body),
                ..call
            }
        };
        let theirs = stage.send(&with(&theirs)).await;
        let unknown = stage.send(&with(NOBODYS)).await;
        assert_eq!(
            told(&theirs),
            told(&unknown),
            "{} with another's {pointer}",
            operation.id
        );
        assert_eq!(
            theirs.status, 422,
            "{} with another's {pointer}: {theirs:?}",
            operation.id
        );
    }
}

/// Fields that the registry sets, fields of other kinds of object, and fields of nothing: each is refused by its name.
async fn foreign_fields_are_refused(stage: &Stage, operation: &Operation, document: &Value) {
    let Some(body) = operation.body(&stage.south) else {
        return;
    };
    // A document's fields are the document's; what takes no body does not read one.
    if operation.id == "putDocument" || !operation.reads_a_body() {
        return;
    }
    let own = table::own_fields(operation, document);
    let all = table::every_field(document);
    let foreign = all.iter().filter(|field| !own.contains(*field));
    // Several members take turns, each with a limit of its own.
    for (field, by) in foreign.zip(stage.more_admins.iter().cycle()) {
        let mut body = body.clone();
        body[field.as_str()] = json!("active");
        refused_by_name(stage, operation, by, body, field).await;
    }
    for pointer in table::objects_within(&body) {
        let mut body = body.clone();
        body.pointer_mut(&pointer).unwrap()["isOperator"] = json!(true);
        refused_by_name(stage, operation, &stage.south.admin, body, "isOperator").await;
    }
}

async fn refused_by_name(stage: &Stage, operation: &Operation, by: &Caller, body: Value, field: &str) {
    let call = Call {
        key: Some(by.key.clone()),
        if_match: Some("*".to_owned()),
        body: Some(body),
        ..operation.call(&stage.south)
    };
    let answer = stage.send(&call).await;
    if !operation.recipe.roles.contains(&"agencyAdmin") {
        assert!(
            matches!(answer.status, 403 | 422),
            "{} with {field}: {answer:?}",
            operation.id
        );
        return;
    }
    assert_eq!(answer.status, 422, "{} with {field}: {answer:?}", operation.id);
    let named = answer.body["errors"][0]["field"].as_str().unwrap_or_default();
    assert!(named.ends_with(field), "{} with {field}: {answer:?}", operation.id);
}

/// A change that is only tried out says of another's objects what making it says.
async fn trying_out_tells_no_more(stage: &Stage, operation: &Operation) {
    if operation.method == "GET" || operation.parameters.is_empty() {
        return;
    }
    let mut told = Vec::new();
    for things in [&stage.north, &Things::nothing(NOBODYS)] {
        let call = operation.call(things);
        let mut change = json!({"method": call.method, "path": call.path});
        if let Some(body) = operation.body(&stage.south) {
            change["body"] = body;
        }
        let ask = Call::new(&stage.south.admin.key, "POST", "/checks").with(json!({"changes": [change]}));
        let answer = stage.send(&ask).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", operation.id);
        told.push(answer.body["results"][0].clone());
    }
    assert_eq!(told[0], told[1], "{}", operation.id);
    let wanted = if operation.recipe.roles.contains(&"agencyAdmin") {
        404
    } else {
        403
    };
    assert_eq!(told[0]["status"], wanted, "{}: {told:?}", operation.id);
}

/// Lists, asked for everything that the other agency has by every parameter that the document knows.
async fn lists_hold_nothing_of_anothers(stage: &Stage, operation: &Operation) {
    if operation.method != "GET" || !operation.parameters.is_empty() {
        return;
    }
    let ids = stage.north.ids();
    let mut queries = vec![String::new(), "?limit=100".to_owned()];
    for name in &operation.query {
        queries.extend(ids.iter().map(|id| format!("?{name}={id}")));
        queries.extend(["%25", "_", "*"].map(|all| format!("?{name}={all}&limit=100")));
    }
    let mut callers = vec![&stage.south.admin];
    callers.extend(stage.south.others.iter().map(|(_, caller)| caller));
    for caller in callers {
        for query in &queries {
            let path = format!("{}{query}", operation.path);
            let answer = stage.send(&Call::new(&caller.key, "GET", &path)).await;
            // A list repeats the question in its links.
            let mut body = answer.body.clone();
            if let Some(members) = body.as_object_mut() {
                members.remove("_links");
            }
            let text = body.to_string();
            for id in &ids {
                assert!(!text.contains(id.as_str()), "{} {path}: {text}", operation.id);
            }
        }
    }
}

/// Each role of one's own organisation: what it may is done or found stale, what it may not is refused before anything is
/// looked up.
async fn roles_may_what_they_may(stage: &Stage, operation: &Operation) {
    let Recipe { roles, .. } = operation.recipe;
    for (number, (role, caller)) in stage.north.others.iter().enumerate() {
        assert!(ROLES.contains(role));
        let call = |things: &Things, tag: &str| Call {
            key: Some(caller.key.clone()),
            body: operation.fresh_body(&stage.north, number),
            if_match: Some(tag.to_owned()),
            ..operation.call(things)
        };
        let answer = stage.send(&call(&stage.north, STALE)).await;
        if roles.contains(role) {
            let wanted = match (operation.method.as_str(), operation.makes) {
                ("GET", _) => 200,
                _ if operation.id == "checkChanges" => 200,
                (_, true) => 201,
                _ => 412,
            };
            assert_eq!(answer.status, wanted, "{} by {role}: {answer:?}", operation.id);
            continue;
        }
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (403, &json!("not-allowed")),
            "{} by {role}: {answer:?}",
            operation.id
        );
        for (things, tag) in [(&stage.north, "*"), (&Things::nothing(NOBODYS), "*")] {
            let again = stage.send(&call(things, tag)).await;
            assert_eq!(told(&again), told(&answer), "{} by {role}", operation.id);
        }
    }
}

impl Stage {
    async fn send(&self, call: &Call) -> Answer {
        self.world.send(&self.node, call).await
    }

    fn parts(&self) -> (&World, &Node) {
        (&self.world, &self.node)
    }
}
