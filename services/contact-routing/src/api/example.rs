//! The examples in the document.

use serde_json::{Value, json};

pub(crate) fn question() -> Value {
    json!({"question": "Behöver jag bygglov för en altan?", "language": "sv", "municipality": "1283"})
}

fn contact_point() -> Value {
    json!({
        "contactPointId": "kommun-1283-2", "organisationId": "kommun-1283", "kind": "visit",
        "name": {"sv": "Kommunens reception eller medborgarservice, utan e-legitimation", "en": "The municipality's reception or citizen service, without e-identification"},
        "value": "Kommunhuset i Helsingborg", "needsEId": false, "sensitiveAllowed": false,
        "sourceRef": "written for this project 2026-11-23", "opening": {"state": "unknown"}
    })
}

fn self_link(path: &str) -> Value {
    json!([{"href": format!("https://api.vagvisare.example/contact-routing/v1{path}"), "rel": "self", "method": "GET"}])
}

fn page_links(path: &str) -> Value {
    let href = format!("https://api.vagvisare.example/contact-routing/v1{path}?page=1&limit=20");
    json!(["self", "first", "last"].map(|rel| json!({"href": href, "rel": rel, "method": "GET"})))
}

fn meta() -> Value {
    json!({"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1})
}

pub(crate) fn answer() -> Value {
    json!({
        "outcome": "organisation",
        "understoodAs": {"needId": "building-permit", "name": {"sv": "Bygglov, rivningslov och förhandsbesked", "en": "Building permit"}},
        "candidates": [{
            "organisationId": "kommun-1283", "organisationName": "Helsingborg", "needId": "building-permit",
            "level": "municipality",
            "area": {"municipalityCode": "1283", "municipality": "Helsingborg", "countyCode": "12"},
            "reason": {"sv": "Byggnadsnämnden i kommunen där byggnaden står prövar lov och anmälan.", "en": "The building committee of the municipality where the building stands decides on permits and notifications."},
            "confidence": 0.93,
            "because": [{"ruleId": "building-permit", "text": {"sv": "Byggnadsnämnden i kommunen där byggnaden står prövar lov och anmälan.", "en": "The building committee of the municipality where the building stands decides on permits and notifications."}}],
            "contactPoints": [contact_point()]
        }],
        "sources": ["municipalities: SCB codes", "needs: written for this project 2026-11-23"],
        "_links": self_link("/needs/building-permit")
    })
}

pub(crate) fn ask_back() -> Value {
    json!({
        "outcome": "askBack",
        "understoodAs": {"needId": "building-permit", "name": {"sv": "Bygglov, rivningslov och förhandsbesked", "en": "Building permit"}},
        "candidates": [],
        "askBack": {"about": "municipality", "question": {"sv": "Vilken kommun gäller det?", "en": "Which municipality is it about?"}, "options": []},
        "sources": ["needs: written for this project 2026-11-23"],
        "_links": self_link("/needs/building-permit")
    })
}

pub(crate) fn emergency() -> Value {
    json!({
        "outcome": "emergency", "candidates": [],
        "emergency": {
            "emergencyId": "fire", "name": {"sv": "Brand", "en": "Fire"},
            "advice": {"sv": "Brand och rök är fara för liv: ring 112.", "en": "Fire and smoke are a danger to life: call 112."},
            "numbers": [{"number": "112", "text": {"sv": "Nödnummer", "en": "Emergency number"}}]
        },
        "sources": ["needs: written for this project 2026-11-23"],
        "_links": [{"href": "https://api.vagvisare.example/contact-routing/v1/needs", "rel": "related", "method": "GET"}]
    })
}

pub(crate) fn need() -> Value {
    json!({
        "needId": "building-permit", "name": {"sv": "Bygglov, rivningslov och förhandsbesked", "en": "Building permit"},
        "topic": "housing", "questions": [{"sv": "behöver jag bygglov för en altan"}],
        "notThis": [{"needId": "unlawful-building", "name": {"sv": "Olovligt bygge och ovårdad tomt", "en": "Unlawful building and neglected plots"}}],
        "responsibleRule": {"level": "municipality", "areaFrom": "property", "exceptions": []},
        "reason": {"sv": "Byggnadsnämnden i kommunen där byggnaden står prövar lov och anmälan.", "en": "The building committee of the municipality where the building stands decides on permits and notifications."},
        "legalBasis": "plan- och bygglagen (2010:900) 9 kap.",
        "_links": self_link("/needs/building-permit")
    })
}

pub(crate) fn needs() -> Value {
    json!({"needs": [need()], "_links": page_links("/needs"), "_meta": meta()})
}

pub(crate) fn organisation() -> Value {
    json!({
        "organisationId": "kommun-1283", "name": {"sv": "Helsingborg"}, "kind": "municipality", "municipalityCode": "1283",
        "countyCode": "12", "contactPoints": [contact_point()], "_links": self_link("/organisations/kommun-1283")
    })
}

pub(crate) fn organisations() -> Value {
    json!({"organisations": [organisation()], "_links": page_links("/organisations"), "_meta": meta()})
}

pub(crate) fn municipalities() -> Value {
    json!({
        "municipalities": [{
            "municipalityCode": "1283", "name": "Helsingborg", "countyCode": "12", "county": "Skåne län",
            "organisationId": "kommun-1283"
        }],
        "_links": page_links("/municipalities"), "_meta": meta()
    })
}
