//! The examples in the document.

use serde_json::{Value, json};

const BASE: &str = "https://api.vagvisare.example/registry/v1";

/// Fields that only the registry sets.
const SET_BY_THE_REGISTRY: [&str; 7] = [
    "state",
    "signatures",
    "published",
    "documentHash",
    "documentUrl",
    "unpublishedChanges",
    "suspension",
];

fn page_links(href: &str) -> Value {
    json!(["self", "first", "last"].map(|rel| json!({"href": href, "rel": rel, "method": "GET"})))
}

/// The object as a caller sends it.
pub(crate) fn input(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        let agreement = members.contains_key("agreementId");
        for field in SET_BY_THE_REGISTRY {
            // An API's own state is its owner's to set.
            if field != "state" || agreement {
                members.shift_remove(field);
            }
        }
    }
    object
}

/// The object as a caller gets it.
pub(crate) fn one(collection: &str, mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        let id = members
            .values()
            .next()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let (all, own) = (format!("{BASE}/{collection}"), format!("{BASE}/{collection}/{id}"));
        members.insert("revision".to_owned(), json!(1));
        members.insert("createdAt".to_owned(), json!("2026-11-26T08:00:00Z"));
        members.insert("changedAt".to_owned(), json!("2026-11-26T08:00:00Z"));
        members.insert(
            "_links".to_owned(),
            json!([{"href": own, "rel": "self", "method": "GET"}, {"href": all, "rel": "collection", "method": "GET"}]),
        );
    }
    object
}

/// A list that holds it.
pub(crate) fn list(collection: &str, object: Value) -> Value {
    let field = match collection {
        "limit-plans" => "limitPlans",
        other => other,
    };
    let href = format!("{BASE}/{collection}?page=1&limit=20");
    json!({
        (field): [one(collection, object)],
        "_links": page_links(&href),
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn organisation() -> Value {
    json!({
        "organisationId": "exempelmyndigheten", "name": "Exempelmyndigheten", "nameEn": "The Example Agency",
        "kind": "stateAgency", "organisationNumber": "202100-0000", "website": "https://www.exempelmyndigheten.example"
    })
}

pub(crate) fn member() -> Value {
    json!({
        "memberId": "0198f2f0-7d5c-7000-8000-0123456789ab", "organisationId": "exempelmyndigheten",
        "name": "API-förvaltningen", "roles": ["agencyAdmin"], "suspended": false
    })
}

pub(crate) fn application() -> Value {
    json!({
        "applicationId": "exempelbanken.app", "organisationId": "exempelbanken", "name": "Exempelbankens app",
        "requirePar": true, "suspended": false
    })
}

pub(crate) fn backend() -> Value {
    json!({
        "backendId": "exempelmyndigheten.arenden", "organisationId": "exempelmyndigheten", "name": "Ärendesystemet",
        "targets": [{"url": "https://arenden.exempelmyndigheten.example", "weight": 1}],
        "connectTimeoutMilliseconds": 2000, "privateNetwork": false
    })
}

pub(crate) fn limit_plan() -> Value {
    json!({
        "limitPlanId": "exempelmyndigheten.normal", "organisationId": "exempelmyndigheten", "name": "normal",
        "per": "application", "quota": 600, "windowSeconds": 60, "burst": 100, "shared": true
    })
}

pub(crate) fn api() -> Value {
    json!({
        "apiId": "exempel-v1", "organisationId": "exempelmyndigheten", "name": "exempel", "title": "Exempel",
        "version": "1.0.0", "state": "active", "authentication": "key", "personalData": false,
        "limitPlanIds": ["exempelmyndigheten.normal"], "deadlineMilliseconds": 10000, "idleTimeoutMilliseconds": 30000,
        "maxBodyBytes": 1_048_576, "backendId": "exempelmyndigheten.arenden", "unpublishedChanges": true
    })
}

pub(crate) fn published_api() -> Value {
    let mut object = api();
    object["unpublishedChanges"] = json!(false);
    object["released"] = json!("2026-11-26");
    let served = input(object.clone());
    object["published"] = json!({
        "api": served, "publishedAt": "2026-11-26T08:00:00Z", "publishedBy": "0198f2f0-7d5c-7000-8000-0123456789ab"
    });
    object
}

pub(crate) fn maintenance() -> Value {
    json!({
        "message": "Vi byter databas och är tillbaka 06.00.", "messageEn": "We change databases and are back at 06.00.",
        "retryAfterSeconds": 7200
    })
}

pub(crate) fn api_aside() -> Value {
    let mut object = published_api();
    object["maintenance"] = maintenance();
    object["published"]["api"]["maintenance"] = maintenance();
    object
}

pub(crate) fn checks() -> Value {
    json!({"changes": [
        {"method": "POST", "path": "/backends", "body": input(backend())},
        {"method": "POST", "path": "/apis/exempel-v1/publications", "ifMatch": "\"3\"", "body": {}}
    ]})
}

pub(crate) fn checks_report() -> Value {
    json!({
        "accepted": false,
        "results": [{"status": 201}, {"status": 412, "problem": {
            "type": "/problems/stale-revision", "title": "The object has been changed since it was read", "status": 412,
            "code": "stale-revision"
        }}],
        "_links": [{"href": format!("{BASE}/checks"), "rel": "self", "method": "GET"}]
    })
}

pub(crate) fn report() -> Value {
    json!({
        "documentHash": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        "operations": ["GET /things"], "lostOperations": [], "changes": [{
            "ruleId": "property-removed", "impact": "breaking", "inPublished": true,
            "place": "/paths/~1things/get/responses/200/content/application~1json/schema/properties/name",
            "message": "`name` is gone", "rule": "En egenskap är borta.",
            "mend": "Put it back and mark it deprecated, or publish under a new major version."
        }],
        "breakingChangeCount": 1, "errorCount": 1, "warningCount": 0,
        "findings": [{
            "ruleId": "DOK.05", "severity": "error", "place": "/info", "message": "has no contact",
            "rule": "Kontaktuppgifter ska finnas.", "mend": "Add info.contact."
        }],
        "_links": [{"href": format!("{BASE}/apis/exempel-v1/openapi"), "rel": "self", "method": "GET"},
            {"href": format!("{BASE}/apis/exempel-v1/preview"), "rel": "preview", "method": "GET"}]
    })
}

pub(crate) fn agreement() -> Value {
    json!({
        "agreementId": "exempelmyndigheten.avtal-1", "organisationId": "exempelmyndigheten", "kind": "avtal",
        "parties": [
            {"organisationId": "exempelmyndigheten", "role": "producer"}, {"organisationId": "exempelbanken", "role": "consumer"}
        ],
        "apiIds": ["exempel-v1"], "purpose": "Visa en person hennes ärenden i bankens app, på hennes begäran",
        "personalData": false, "validFrom": "2026-12-01T00:00:00Z", "state": "proposed", "signatures": []
    })
}

pub(crate) fn signed_agreement() -> Value {
    let mut object = agreement();
    object["state"] = json!("active");
    object["signatures"] = json!(["exempelmyndigheten", "exempelbanken"].map(|organisation| json!({
        "organisationId": organisation, "memberId": "0198f2f0-7d5c-7000-8000-0123456789ab",
        "signedAt": "2026-11-26T08:00:00Z"
    })));
    object
}

fn standstill(reason: &str) -> Value {
    json!({
        "organisationId": "exempelmyndigheten", "memberId": "0198f2f0-7d5c-7000-8000-0123456789ab",
        "at": "2026-11-26T08:00:00Z", "reason": reason
    })
}

pub(crate) fn suspended_agreement() -> Value {
    let mut object = signed_agreement();
    object["state"] = json!("suspended");
    object["suspension"] = standstill("Säkerhetsincident hos leverantören");
    object
}

pub(crate) fn terminated_agreement() -> Value {
    let mut object = signed_agreement();
    object["state"] = json!("terminated");
    object["termination"] = standstill("Uppdraget är slutfört");
    object
}

pub(crate) fn credential() -> Value {
    json!({
        "credentialId": "9x2k7d0m4q8r1t5v", "holder": "application", "holderId": "exempelbanken.app",
        "name": "produktion 2026", "kind": "apiKey", "lastUsedAt": "2026-11-26T08:00:00Z"
    })
}

pub(crate) fn new_credential() -> Value {
    json!({
        "credentialId": "9x2k7d0m4q8r1t5v", "holder": "application", "holderId": "exempelbanken.app",
        "name": "produktion 2026", "kind": "apiKey", "secret": "vv_prod_9x2k7d0m4q8r1t5v_(visas en gång, shown once)"
    })
}

pub(crate) fn usage() -> Value {
    let href = format!("{BASE}/usage-periods?page=1&limit=20");
    json!({
        "usagePeriods": [{
            "start": "2026-11-26T08:00:00Z", "apiId": "exempel-v1", "apiOrganisationId": "exempelmyndigheten",
            "applicationId": "exempelbanken.app", "applicationOrganisationId": "exempelbanken", "calls": 120,
            "clientErrors": 3, "limited": 1, "serverErrors": 0, "meanMilliseconds": 12.5,
            "latencies": [{"upToMilliseconds": 10, "calls": 80}, {"upToMilliseconds": 50, "calls": 40}]
        }],
        "_links": page_links(&href),
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn callers() -> Value {
    let href = format!("{BASE}/apis/exempel-v1/callers?page=1&limit=20");
    json!({
        "callers": [{
            "applicationId": "exempelbanken.app", "name": "Exempelbankens app", "organisationId": "exempelbanken",
            "agreementIds": ["exempelmyndigheten.avtal-1"], "lastCalledAt": "2026-11-26T08:00:00Z"
        }],
        "_links": page_links(&href),
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn nodes() -> Value {
    let href = format!("{BASE}/nodes?page=1&limit=20");
    json!({
        "registryVersion": 42,
        "nodes": [{"node": "node-1", "version": 42, "leftOut": 0, "seenAt": "2026-11-26T08:00:00Z"}],
        "_links": page_links(&href),
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn audit_entries() -> Value {
    let href = format!("{BASE}/audit-entries?page=1&limit=20");
    json!({
        "auditEntries": [{
            "sequence": 42, "at": "2026-11-26T08:00:00Z", "memberId": "0198f2f0-7d5c-7000-8000-0123456789ab",
            "memberOrganisationId": "exempelmyndigheten", "organisationId": "exempelmyndigheten", "action": "create",
            "kind": "application", "objectId": "exempelbanken.app", "after": application(),
            "hash": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        }],
        "_links": page_links(&href),
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}
