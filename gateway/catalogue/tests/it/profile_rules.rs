//! Every rule of the profile: the clean document passes it, and one edit breaks exactly that rule.
//!
//! Where one fault breaks two requirements by their own wording, the case names both.

use crate::support::{clean, edited};
use catalogue::profile::{Severity, check, rules};
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Edit = fn(&mut Value);

/// `(the rules that must be broken, the first being the case's own, the edit)`.
const CASES: &[(&[&str], Edit)] = &[
    (&["DOK.01"], |d| d["externalDocs"] = json!({"url": "https://x.se"})),
    (&["DOK.03"], |d| remove(d, "/info", "license")),
    (&["DOK.06"], |d| {
        d["info"]["description"] = json!("This is only in English, and it is about the queue.")
    }),
    (&["DOK.07", "DOK.03", "DOK.11"], |d| remove(d, "/info", "description")),
    (&["DOK.08", "DOK.03"], |d| {
        remove(d, "/info", "termsOfService");
        remove(d, "/info", "x-sla");
        d["externalDocs"]["description"] = json!("Dokumentation");
    }),
    (&["DOK.09"], |d| remove(d, "/info", "x-limitations")),
    (&["DOK.11", "DOK.03"], |d| d["info"]["description"] = json!("  ")),
    (&["DOK.15"], |d| {
        remove(
            d,
            "/paths/~1loans/post/requestBody/content/application~1json",
            "examples",
        )
    }),
    (&["DOK.16"], |d| {
        d["components"]["schemas"]["Loan"]["properties"]["after"] = json!({"$ref": "#/components/schemas/Lone"})
    }),
    (&["DOK.17"], |d| d["openapi"] = json!("2.0")),
    (&["DOK.19"], |d| remove(d, "/paths/~1loans/get", "summary")),
    (&["DOK.20"], |d| {
        remove(d, "/paths/~1loans/get/responses/200", "description")
    }),
    (&["DOK.21"], |d| {
        d.as_object_mut().unwrap().remove("security");
        remove(d, "/paths/~1api-info/get", "security");
    }),
    (&["DOT.01"], |d| {
        d["components"]["schemas"]["Loan"]["properties"]["dueOn"]["example"] = json!("31/1 2026")
    }),
    (&["DOT.02"], |d| {
        remove(d, "/components/schemas/Loan/properties/startedAt", "example")
    }),
    (&["DOT.04"], |d| {
        d["components"]["schemas"]["Loan"]["properties"]["startedAt"]["example"] = json!("2026-01-31T10:00:00")
    }),
    (&["RES.02"], |d| {
        query(
            d,
            json!({"name": "personnummer", "in": "query", "schema": {"type": "string"}}),
        )
    }),
    (&["RES.06"], |d| rename_path(d, "/loans", "/get-loans")),
    (&["UFN.01"], |d| {
        d["servers"][0]["url"] = json!("https://api.example.se/v1")
    }),
    (&["UFN.02"], |d| {
        d["servers"][0]["url"] = json!("https://api.example.se:8443/loan-queue/v1")
    }),
    (&["UFN.05"], |d| {
        rename_path(d, "/loans", &format!("/{}", "l".repeat(2048)))
    }),
    (&["UFN.07"], |d| {
        d["servers"][0]["url"] = json!("https://api.example.se/Loan-queue/v1")
    }),
    (&["UFN.08"], |d| {
        d["servers"][0]["url"] = json!("https://api.example.se/loan.queue/v1")
    }),
    (&["UFN.09"], |d| {
        d["servers"][0]["url"] = json!("https://api.example.se/loan_queue/v1")
    }),
    (&["MOG.01"], |d| {
        d["paths"]["/books"] = json!({"summary": "nothing to do here"})
    }),
    (&["MOG.02"], |d| {
        remove(d, "/paths/~1loans/get/responses/200/headers", "Link")
    }),
    (&["SAK.01", "UFN.02"], |d| {
        d["servers"][0]["url"] = json!("http://api.example.se/loan-queue/v1")
    }),
    (&["SAK.09"], |d| scheme(d, json!({"type": "http", "scheme": "Basic"}))),
    (&["SAK.10"], |d| scheme(d, json!({"type": "http", "scheme": "hoba"}))),
    (&["SAK.11"], |d| {
        remove(
            d,
            "/components/securitySchemes/loanToken/flows/authorizationCode",
            "refreshUrl",
        )
    }),
    (&["SAK.15"], |d| {
        scheme(d, json!({"type": "apiKey", "in": "query", "name": "key"}))
    }),
    (&["SAK.16"], |d| {
        scheme(d, json!({"type": "apiKey", "in": "cookie", "name": "key"}))
    }),
    (&["SAK.18"], |d| {
        d["components"]["securitySchemes"]["loanToken"]["flows"]["authorizationCode"]["tokenUrl"] =
            json!("http://auth.example.se/token");
    }),
    (&["SPA.02"], |d| {
        d["components"]["parameters"]["traceparent"]["required"] = json!(true)
    }),
    (&["SPA.04"], |d| {
        remove(d, "/paths/~1loans/get/responses/200/headers", "traceparent")
    }),
    (&["SPA.07", "SPA.02"], |d| {
        d["paths"]["/loans"]["post"]["parameters"] =
            json!([{"name": "X-Request-Id", "in": "header", "schema": {"type": "string"}}]);
    }),
    (&["AME.01"], |d| {
        let content = &mut d["paths"]["/loans"]["get"]["responses"]["200"]["content"];
        *content = json!({"text/csv": {"schema": {"type": "string"}}});
    }),
    (&["AME.02"], |d| {
        let content = &mut d["paths"]["/loans"]["post"]["requestBody"]["content"];
        *content = json!({"text/csv": {"schema": {"type": "string"}}});
    }),
    (&["AME.04"], |d| property(d, "WorkTitle")),
    (&["AME.05"], |d| property(d, "work_title")),
    (&["AME.07"], |d| property(d, "work-title")),
    (&["ARQ.01"], |d| {
        let content = &mut d["paths"]["/loans"]["post"]["requestBody"]["content"];
        content["application/json; charset=iso-8859-1"] = content["application/json"].clone();
    }),
    (&["ARQ.03"], |d| {
        query(
            d,
            json!({"name": "Date", "in": "header", "schema": {"type": "integer"}}),
        )
    }),
    (&["ARQ.05"], |d| {
        query(
            d,
            json!({"name": "X-Loan", "in": "header", "schema": {"type": "object"}}),
        )
    }),
    (&["FEL.01"], |d| {
        remove(d, "/components/schemas/Problem/properties", "instance")
    }),
    (&["FEL.02"], |d| {
        d["paths"]["/loans"]["get"]["responses"]["404"] = json!({
            "description": "Finns inte", "headers": {"traceparent": {"$ref": "#/components/headers/traceparent"}}
        });
    }),
    (&["VER.05"], |d| {
        d["servers"][0]["url"] = json!("https://api.example.se/loan-queue/1")
    }),
    (&["VER.06"], |d| rename_path(d, "/api-info", "/about")),
    (&["FNS.01"], |d| {
        query(
            d,
            json!({"name": "loan_state", "in": "query", "schema": {"type": "string"}}),
        )
    }),
    (&["FNS.03"], |d| {
        query(d, json!({"name": "1st", "in": "query", "schema": {"type": "string"}}))
    }),
    (&["FNS.05"], |d| {
        query(
            d,
            json!({"name": "state", "in": "query", "required": true, "schema": {"type": "string"}}),
        )
    }),
    (&["FNS.06"], |d| {
        query(d, json!({"name": "läge", "in": "query", "schema": {"type": "string"}}))
    }),
    (&["FNS.07"], |d| {
        d["paths"]["/loans"]["get"]["parameters"]
            .as_array_mut()
            .unwrap()
            .retain(|p| p["name"] != "limit")
    }),
    (&["FNS.08"], |d| parameter(d, "page")["schema"]["default"] = json!(0)),
    (&["FNS.09"], |d| parameter(d, "limit")["schema"]["default"] = json!(50)),
    (&["FOR.02"], |d| {
        d["paths"]["/loans"]["get"]["requestBody"] = d["paths"]["/loans"]["post"]["requestBody"].clone();
    }),
];

fn remove(document: &mut Value, place: &str, key: &str) {
    let removed = document
        .pointer_mut(place)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .shift_remove(key);
    assert!(removed.is_some(), "{place} has no {key}");
}

fn rename_path(document: &mut Value, from: &str, to: &str) {
    let item = document["paths"].as_object_mut().unwrap().remove(from).unwrap();
    document["paths"][to] = item;
}

fn query(document: &mut Value, parameter: Value) {
    document["paths"]["/loans"]["get"]["parameters"]
        .as_array_mut()
        .unwrap()
        .push(parameter);
}

fn parameter<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let all = document["paths"]["/loans"]["get"]["parameters"].as_array_mut().unwrap();
    all.iter_mut().find(|parameter| parameter["name"] == name).unwrap()
}

fn scheme(document: &mut Value, scheme: Value) {
    document["components"]["securitySchemes"]["other"] = scheme;
}

fn property(document: &mut Value, name: &str) {
    document["components"]["schemas"]["NewLoan"]["properties"][name] = json!({"type": "string"});
}

#[test]
fn the_clean_document_breaks_no_rule() {
    assert_eq!(check(&clean()), []);
}

#[test]
fn each_edit_breaks_exactly_its_rule() {
    for (expected, edit) in CASES {
        let document = edited(edit);
        let broken: BTreeSet<&str> = check(&document).iter().map(|finding| finding.rule).collect();
        let expected_set: BTreeSet<&str> = expected.iter().copied().collect();
        assert_eq!(broken, expected_set, "case {}: {:#?}", expected[0], check(&document));
    }
}

#[test]
fn every_finding_points_at_something_in_the_document() {
    for (expected, edit) in CASES {
        let document = edited(edit);
        for finding in check(&document) {
            assert!(
                document.pointer(&finding.place).is_some(),
                "{expected:?}: {} is nowhere",
                finding.place
            );
            assert!(!finding.message.is_empty() && !finding.message_sv.is_empty() && !finding.mend.is_empty());
        }
    }
}

#[test]
fn every_rule_has_a_case() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(expected, _)| expected[0]).collect();
    let all: BTreeSet<&str> = rules().map(|rule| rule.id).collect();
    assert_eq!(cases, all);
    assert_eq!(rules().count(), all.len(), "an id is there twice");
}

#[test]
fn a_rule_weighs_what_the_profile_says() {
    for (expected, edit) in CASES {
        let findings = check(&edited(edit));
        let own = rules().find(|rule| rule.id == expected[0]).unwrap();
        assert!(
            findings
                .iter()
                .any(|finding| finding.rule == own.id && finding.severity == own.severity),
            "{}",
            own.id
        );
    }
}

#[test]
fn a_missing_member_of_contact_is_a_warning_only() {
    let findings = check(&edited(|document| remove(document, "/info/contact", "email")));
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].rule, findings[0].severity), ("DOK.03", Severity::Warning));
    assert_eq!(findings[0].place, "/info/contact");
}
