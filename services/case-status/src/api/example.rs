//! The examples in the document: one case, one list, one case with its events.

use serde_json::{Value, json};

pub(crate) fn case() -> Value {
    json!({
        "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51",
        "references": [{"kind": "diaryNumber", "value": "BYGG-2026-0042"}],
        "organisationId": "exempelby",
        "serviceId": "bygglov",
        "parties": [{
            "partyId": "6a0e1c7e-5b1d-5c53-8a5e-1f2b3c4d5e6f", "role": "applicant",
            "relationTerm": {"sv": "sökande", "en": "applicant"}
        }],
        "title": {"sv": "Bygglov för uteplats med tak"},
        "status": "waitingForPerson",
        "statusDetail": {"code": "KOMPLETTERING", "text": {"sv": "Väntar på komplettering", "en": "Waiting for more documents"}},
        "requiresAction": true,
        "closed": false,
        "ballHolder": "person",
        "nextSteps": [{
            "stepId": "situationsplan", "who": "person", "what": {"sv": "Skicka in: Situationsplan"},
            "dueAt": "2026-02-01T22:59:59Z", "prevalidationUrl": "https://api.vagvisare.example/case-status/v1/prevalidations"
        }],
        "startedAt": "2026-01-02T08:14:00Z",
        "legalDeadlineAt": "2026-03-13T08:14:00Z",
        "lastChangedAt": "2026-01-15T10:00:00Z",
        "source": {
            "sourceId": "exempelby", "organisationId": "exempelby", "asOf": "2026-01-20T12:00:00Z", "freshness": "live"
        },
        "revision": "5f2c1a9b7d3e4f60", "whose": "own",
        "_links": [
            {"href": "https://api.vagvisare.example/case-status/v1/cases/0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "rel": "self", "method": "GET"},
            {"href": "https://api.vagvisare.example/case-status/v1/cases", "rel": "collection", "method": "GET"}
        ]
    })
}

pub(crate) fn list() -> Value {
    json!({
        "cases": [case()],
        "sources": [
            {
                "sourceId": "exempelby", "organisationId": "exempelby",
                "name": {"sv": "Exempelby kommun (sandlåda)", "en": "Exempelby Municipality (sandbox)"},
                "status": "ok", "asOf": "2026-01-20T12:00:00Z", "httpStatus": 200, "itemCount": 1,
                "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
            },
            {
                "sourceId": "indrivningsverket", "organisationId": "indrivningsverket",
                "name": {"sv": "Indrivningsverket (sandlåda)", "en": "Debt Collection Agency (sandbox)"},
                "status": "failed", "itemCount": 0, "httpStatus": 503, "retryAfterSeconds": 30,
                "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
            }
        ],
        "complete": false,
        "_links": [
            {"href": "https://api.vagvisare.example/case-status/v1/cases?page=1&limit=20", "rel": "self", "method": "GET"},
            {"href": "https://api.vagvisare.example/case-status/v1/cases?page=1&limit=20", "rel": "first", "method": "GET"},
            {"href": "https://api.vagvisare.example/case-status/v1/cases?page=1&limit=20", "rel": "last", "method": "GET"}
        ],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn case_with_events() -> Value {
    let mut example = case();
    if let Some(members) = example.as_object_mut() {
        members.insert("events".to_owned(), json!([event()]));
    }
    example
}

pub(crate) fn events() -> Value {
    let url = "https://api.vagvisare.example/case-status/v1/cases/0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51/events";
    let link = |rel: &str| json!({ "href": format!("{url}?page=1&limit=20"), "rel": rel, "method": "GET" });
    json!({
        "events": [event()],
        "_links": [link("self"), link("first"), link("last")],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn new_prevalidation() -> Value {
    json!({"organisationId": "exempelby", "serviceId": "bygglov", "content": {"fastighet": "EXEMPELBY 1:2", "area": 24}})
}

pub(crate) fn prevalidation() -> Value {
    json!({
        "valid": false, "ownCheck": "made",
        "shortcomings": [{"pointer": "/situationsplan", "text": {"sv": "Situationsplan saknas. Fyll i uppgiften.", "en": "Site plan is missing. Fill it in."}}],
        "_links": [{"href": "https://api.vagvisare.example/case-status/v1/openapi.json", "rel": "service-desc", "method": "GET"}]
    })
}

fn event() -> Value {
    json!({
        "eventId": "BYGG-2026-0042-0", "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51",
        "type": "KOMMUN.BYGGLOV.INKOMMET", "occurredAt": "2026-01-02T08:14:00Z",
        "title": {"sv": "Inkommet", "en": "Received"}, "requiresAction": false, "closesCase": false
    })
}
