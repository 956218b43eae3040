//! Two versions of a document: what each change is called, and what it asks of the version number.

use crate::support::{clean, edited};
use catalogue::compare::{Step, VersionError, check_version, kinds, next_version};
use catalogue::{Impact, compare};
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Edit = fn(&mut Value);

/// `(the kinds of change, one of them the case's own, an edit of the older document, an edit of the newer one)`.
const CASES: &[(&[&str], Edit, Edit)] = &[
    (&["path-removed"], same, |d| remove(d, "/paths", "/loans/{loanId}")),
    (&["operation-removed"], same, |d| remove(d, "/paths/~1loans", "post")),
    (&["parameter-removed"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"].as_array_mut().unwrap().pop();
    }),
    (&["parameter-required"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"][3]["required"] = json!(true)
    }),
    (&["parameter-added-required"], same, |d| {
        query(
            d,
            json!({"name": "branch", "in": "query", "required": true, "schema": {"type": "string"}}),
        )
    }),
    (&["parameter-form"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"][3]["explode"] = json!(false)
    }),
    (&["request-body-removed"], same, |d| {
        remove(d, "/paths/~1loans/post", "requestBody")
    }),
    (
        &["request-body-required"],
        |d| remove(d, "/paths/~1loans/post/requestBody", "required"),
        same,
    ),
    (&["media-type-removed", "media-type-added"], same, |d| {
        let content = &mut d["paths"]["/loans"]["post"]["requestBody"]["content"];
        let media = content["application/json"].take();
        *content = json!({"application/xml": media});
    }),
    (&["response-removed", "response-added"], same, |d| {
        let all = &mut d["paths"]["/loans"]["post"]["responses"];
        let created = all["201"].take();
        all.as_object_mut().unwrap().remove("201");
        all["202"] = created;
    }),
    (
        &["response-header-removed"],
        |d| d["components"]["headers"]["traceparent"]["required"] = json!(true),
        |d| {
            remove(d, "/paths/~1loans/get/responses/200/headers", "traceparent");
            d["components"]["headers"]["traceparent"]["required"] = json!(true);
        },
    ),
    (&["property-removed"], same, |d| {
        remove(d, "/components/schemas/Loan/properties", "dueOn")
    }),
    (&["request-property-required"], same, |d| {
        d["components"]["schemas"]["NewLoan"]["properties"]["branch"] = json!({"type": "string"});
        d["components"]["schemas"]["NewLoan"]["required"] = json!(["workId", "branch"]);
    }),
    (&["response-property-optional"], same, |d| {
        remove(d, "/components/schemas/Loan", "required")
    }),
    (
        &["request-type-narrowed"],
        |d| new_loan(d, json!({"type": ["string", "null"]})),
        same,
    ),
    (&["response-type-widened"], same, |d| {
        d["components"]["schemas"]["Loan"]["properties"]["loanId"]["type"] = json!(["string", "null"])
    }),
    (&["request-values-narrowed"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"][3]["schema"]["enum"] = json!(["dueAt"])
    }),
    (&["request-bound-narrowed"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"][2]["schema"]["maximum"] = json!(50)
    }),
    (&["format-changed"], same, |d| {
        d["components"]["schemas"]["Loan"]["properties"]["dueOn"]["format"] = json!("date-time")
    }),
    (&["request-closed"], same, |d| {
        d["components"]["schemas"]["NewLoan"]["additionalProperties"] = json!(false)
    }),
    (
        &["request-choice-removed"],
        |d| new_loan(d, json!({"oneOf": [{"title": "a"}, {"title": "b"}]})),
        |d| new_loan(d, json!({"oneOf": [{"title": "b"}]})),
    ),
    (
        &["response-choice-added"],
        |d| loan_id(d, json!({"oneOf": [{"title": "a"}]})),
        |d| loan_id(d, json!({"oneOf": [{"title": "a"}, {"title": "b"}]})),
    ),
    (&["security-tightened"], same, |d| {
        d["security"] = json!([{"loanToken": ["loans.read", "loans.all"]}])
    }),
    (
        &["security-scheme-changed"],
        |d| d["components"]["securitySchemes"]["loanToken"] = json!({"type": "http", "scheme": "bearer"}),
        |d| {
            d["components"]["securitySchemes"]["loanToken"] = json!({"type": "apiKey", "in": "header", "name": "X-Key"})
        },
    ),
    (&["webhook-removed"], |d| d["webhooks"] = json!({"due": {}}), same),
    (&["error-response-removed"], same, |d| {
        remove(d, "/paths/~1loans/get/responses", "default")
    }),
    (&["response-header-dropped"], same, |d| {
        remove(d, "/paths/~1loans/get/responses/200/headers", "Link")
    }),
    (
        &["response-values-widened"],
        |d| loan_id(d, json!({"type": "string", "enum": ["a"]})),
        |d| loan_id(d, json!({"type": "string", "enum": ["a", "b"]})),
    ),
    (
        &["response-bound-widened"],
        |d| loan_id(d, json!({"type": "string", "maxLength": 9})),
        |d| loan_id(d, json!({"type": "string", "maxLength": 10})),
    ),
    (
        &["pattern-changed"],
        |d| loan_id(d, json!({"type": "string", "pattern": "^a"})),
        |d| loan_id(d, json!({"type": "string", "pattern": "^b"})),
    ),
    (&["default-changed"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"][2]["schema"]["default"] = json!(10)
    }),
    (
        &["response-opened"],
        |d| d["components"]["schemas"]["Loan"]["additionalProperties"] = json!(false),
        same,
    ),
    (&["operation-id-changed"], same, |d| {
        d["paths"]["/loans"]["get"]["operationId"] = json!("loans")
    }),
    (&["deprecated"], same, |d| {
        d["paths"]["/loans"]["get"]["deprecated"] = json!(true)
    }),
    (&["path-added"], same, |d| d["paths"]["/works"] = json!({"get": {}})),
    (&["operation-added"], same, |d| {
        d["paths"]["/loans"]["delete"] = json!({})
    }),
    (&["parameter-added"], same, |d| {
        query(d, json!({"name": "branch", "in": "query"}))
    }),
    (
        &["parameter-optional"],
        |d| d["paths"]["/loans"]["get"]["parameters"][3]["required"] = json!(true),
        same,
    ),
    (&["path-parameter-renamed"], same, |d| {
        let mut item = d["paths"]["/loans/{loanId}"].take();
        remove(d, "/paths", "/loans/{loanId}");
        item["get"]["parameters"][1]["name"] = json!("id");
        d["paths"]["/loans/{id}"] = item;
    }),
    (
        &["request-body-added"],
        |d| remove(d, "/paths/~1loans/post", "requestBody"),
        |d| remove(d, "/paths/~1loans/post/requestBody", "required"),
    ),
    (&["media-type-added"], same, |d| {
        d["paths"]["/loans"]["post"]["requestBody"]["content"]["text/csv"] = json!({})
    }),
    (&["response-added"], same, |d| {
        d["paths"]["/loans"]["get"]["responses"]["204"] = json!({"description": "x"})
    }),
    (&["response-header-added"], same, |d| {
        d["paths"]["/loans"]["get"]["responses"]["200"]["headers"]["ETag"] = json!({"schema": {"type": "string"}})
    }),
    (&["property-added"], same, |d| {
        d["components"]["schemas"]["Loan"]["properties"]["renewals"] = json!({"type": "integer"})
    }),
    (&["relaxed"], same, |d| {
        d["paths"]["/loans"]["get"]["parameters"][2]["schema"]["maximum"] = json!(200)
    }),
    (&["security-relaxed"], same, |d| {
        d["security"] = json!([{"loanToken": ["loans.read"]}, {}])
    }),
    (&["webhook-added"], same, |d| d["webhooks"] = json!({"due": {}})),
];

fn same(_: &mut Value) {}

fn remove(document: &mut Value, place: &str, key: &str) {
    let target = document.pointer_mut(place).unwrap().as_object_mut().unwrap();
    target.remove(key).unwrap();
}

fn query(document: &mut Value, parameter: Value) {
    document["paths"]["/loans"]["get"]["parameters"]
        .as_array_mut()
        .unwrap()
        .push(parameter);
}

fn new_loan(document: &mut Value, schema: Value) {
    document["components"]["schemas"]["NewLoan"]["properties"]["workId"] = schema;
}

fn loan_id(document: &mut Value, schema: Value) {
    document["components"]["schemas"]["Loan"]["properties"]["loanId"] = schema;
}

#[test]
fn each_edit_is_called_what_it_is_and_points_at_its_place() {
    let mut wrong = Vec::new();
    for (expected, edit_old, edit_new) in CASES {
        let (old, new) = (edited(edit_old), edited(edit_new));
        let found = compare(&old, &new);
        let rules: BTreeSet<&str> = found.changes.iter().map(|change| change.rule).collect();
        let wanted: BTreeSet<&str> = expected.iter().copied().collect();
        if rules != wanted {
            wrong.push(format!("{wanted:?} was found as {rules:?}"));
        }
        for change in &found.changes {
            let document = if change.in_old { &old } else { &new };
            assert!(document.pointer(&change.place).is_some(), "{} is nowhere", change.place);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_kind_of_change_has_a_case() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(expected, ..)| expected[0]).collect();
    let all: BTreeSet<&str> = kinds()
        .map(|kind| kind.id)
        .filter(|id| *id != "too-large-to-compare")
        .collect();
    assert_eq!(cases, all);
    for kind in kinds() {
        assert!(kind.text_sv.ends_with('.') && !kind.text.is_empty());
        assert_eq!(kind.mend.is_empty(), kind.impact == Impact::Compatible, "{}", kind.id);
    }
}

#[test]
fn the_same_document_has_no_changes_and_other_words_are_a_patch() {
    let found = compare(&clean(), &clean());
    assert_eq!((found.changes.len(), found.step), (0, Step::None));
    let worded = compare(&clean(), &edited(|d| d["info"]["title"] = json!("Annat")));
    assert_eq!((worded.changes.len(), worded.step), (0, Step::Patch));
}

#[test]
fn one_schema_breaks_requests_and_answers_each_in_its_own_way() {
    let shared = |schema: Value| {
        edited(move |d| {
            d["components"]["schemas"]["NewLoan"]["properties"]["kind"] = json!({"$ref": "#/components/schemas/Kind"});
            d["components"]["schemas"]["Loan"]["properties"]["kind"] = json!({"$ref": "#/components/schemas/Kind"});
            d["components"]["schemas"]["Kind"] = schema;
        })
    };
    let rules = |old: Value, new: Value| -> BTreeSet<&'static str> {
        let found = compare(&shared(old), &shared(new));
        found.changes.iter().map(|change| change.rule).collect()
    };
    let (integer, number) = (json!({"type": "integer"}), json!({"type": "number"}));
    assert_eq!(
        rules(integer.clone(), number.clone()),
        ["response-type-widened", "relaxed"].into()
    );
    assert_eq!(rules(number, integer), ["request-type-narrowed", "relaxed"].into());
    let all_of = json!({"allOf": [{"type": "string"}, {"minLength": 1}]});
    assert_eq!(rules(json!({"type": "string", "minLength": 1}), all_of), [].into());
    let (old, new) = (
        json!({"type": "string", "nullable": true}),
        json!({"type": ["string", "null"]}),
    );
    assert_eq!(rules(old, new), [].into());
    let (old, new) = (
        json!({"minimum": 1, "exclusiveMinimum": true}),
        json!({"exclusiveMinimum": 1}),
    );
    assert_eq!(rules(old, new), [].into());
    let (open, more) = (
        json!({"enum": ["a"], "x-extensible-enum": true}),
        json!({"enum": ["a", "b"]}),
    );
    assert_eq!(rules(open, more), ["relaxed"].into());
}

#[test]
fn schemas_that_refer_to_themselves_end() {
    let nested = |leaf: &str| {
        let leaf = leaf.to_owned();
        edited(move |d| {
            d["components"]["schemas"]["Loan"]["properties"]["after"] =
                json!({"allOf": [{"$ref": "#/components/schemas/Loan"}, {"properties": {(leaf): {"type": "string"}}}]})
        })
    };
    let found = compare(&nested("a"), &nested("b"));
    assert_eq!(
        found.breaking().map(|change| change.rule).collect::<BTreeSet<_>>(),
        ["property-removed"].into()
    );
}

#[test]
fn a_version_keeps_its_promise() {
    let breaking = compare(&clean(), &edited(|d| remove(d, "/paths/~1loans", "post")));
    let harmless = compare(&clean(), &edited(|d| d["paths"]["/works"] = json!({"get": {}})));
    let worded = compare(&clean(), &edited(|d| d["info"]["title"] = json!("Annat")));
    let nothing = compare(&clean(), &clean());
    for (old, new, changes, fits) in [
        ("1.2.0", "2.0.0", &breaking, true),
        ("1.2.0", "1.3.0", &breaking, false),
        ("1.2.0", "1.2.1", &breaking, false),
        ("0.2.0", "0.3.0", &breaking, true),
        ("0.2.0", "0.2.1", &breaking, false),
        ("0.9.0", "1.0.0", &breaking, true),
        ("1.2.0", "1.3.0", &harmless, true),
        ("1.2.0", "1.2.1", &harmless, false),
        ("1.2.0", "1.2.1", &worded, true),
        ("1.2.0", "1.2.0", &worded, false),
        ("0.2.0", "0.2.1", &harmless, true),
        ("1.2.0", "1.2.0", &harmless, false),
        ("1.2.0", "1.1.0", &harmless, false),
        ("1.2.0", "1.2.0", &nothing, true),
    ] {
        assert_eq!(check_version(old, new, changes).is_ok(), fits, "{old} to {new}");
    }
    let added = check_version("1.2.0", "1.2.1", &harmless).unwrap_err();
    assert!(matches!(added, VersionError::Additions { changes: 1, .. }), "{added}");
    for (old, step, next) in [
        ("1.2.3", Step::None, None),
        ("1.2.3", Step::Patch, Some("1.2.4")),
        ("1.2.3-rc.1", Step::Minor, Some("1.3.0")),
        ("1.2.3", Step::Major, Some("2.0.0")),
        ("1.2", Step::Minor, None),
    ] {
        assert_eq!(next_version(old, step).as_deref(), next, "{old} {step:?}");
    }
    let refused = check_version("1.2.0", "1.3.0", &breaking).unwrap_err();
    assert!(
        matches!(refused, VersionError::Breaking { breaking: 1, .. }),
        "{refused}"
    );
    assert!(matches!(
        check_version("1.2", "1.3.0", &nothing),
        Err(VersionError::NotSemantic(_))
    ));
}

#[test]
fn any_two_values_are_survived() {
    let values = [
        json!(null),
        json!([]),
        json!({"paths": 1}),
        json!({"paths": {"/a": {"get": {"responses": []}}}}),
        clean(),
    ];
    for old in &values {
        for new in &values {
            let _ = compare(old, new);
        }
    }
}
