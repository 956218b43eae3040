//! What producers answer, rightly and wrongly, in each form.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use case_status::Form;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::Manner;

/// One case as a producer tells it.
struct Told {
    /// What the producer knows its person by.
    of: String,
    number: u64,
    /// When it changed.
    changed: &'static str,
    text: String,
}

const NEW: &str = "2026-01-02T10:00:00Z";
const OLD: &str = "2026-01-01T10:00:00Z";
const FAR: &str = "9999-12-30T10:00:00Z";

const SOMEBODY: &str = "known-as-somebody-else";

fn told(of: &str, number: u64, changed: &'static str) -> Told {
    Told {
        of: of.to_owned(),
        number,
        changed,
        text: "Text".to_owned(),
    }
}

/// What a producer in this form and manner answers about `party`, on this page.
pub(super) async fn answer(manner: Manner, form: Form, party: &str, page: u64) -> Response {
    let one = |total| whole(form, party, &[told(party, 1, NEW)], total);
    let right = || one(None);
    match manner {
        Manner::Right => right().into_response(),
        Manner::Twice => {
            let twice = [told(party, 1, NEW), told(party, 1, OLD)];
            whole(form, party, &twice, None).into_response()
        }
        Manner::HalfWrong => half_wrong(form, right().0).into_response(),
        Manner::Silent => std::future::pending().await,
        Manner::Trickling => {
            let dribble = stream::repeat(Bytes::from_static(b" ")).then(|byte| async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok::<_, std::io::Error>(byte)
            });
            as_json(Body::from_stream(dribble))
        }
        Manner::Refusing => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")], "no").into_response(),
        Manner::Redirecting => Redirect::temporary("/elsewhere").into_response(),
        Manner::Babbling => "<html>".into_response(),
        Manner::Empty => as_json(Body::empty()),
        Manner::BreakingOff => {
            let text = right().0.to_string();
            let (half, _) = text.split_at(text.len() / 2);
            let parts = [Ok(Bytes::from(half.to_owned())), Err(std::io::Error::other("gone"))];
            as_json(Body::from_stream(stream::iter(parts)))
        }
        Manner::Truncating => {
            let text = right().0.to_string();
            as_json(Body::from(text.split_at(text.len() - 3).0.to_owned()))
        }
        Manner::Mislabelling => ([(header::CONTENT_TYPE, "text/html")], right().0.to_string()).into_response(),
        Manner::Giant => {
            let spaces = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65_536])));
            as_json(Body::from_stream(spaces))
        }
        Manner::Nesting => as_json(Body::from("[".repeat(100_000))),
        Manner::Mistaken => whole(form, SOMEBODY, &[told(SOMEBODY, 1, NEW)], None).into_response(),
        Manner::Mixing if form == Form::Cases && page > 1 => {
            whole(form, SOMEBODY, &[told(SOMEBODY, 1, NEW)], Some(2)).into_response()
        }
        Manner::Mixing if form == Form::Cases => one(Some(2)).into_response(),
        Manner::Mixing => whole(form, party, &[told(party, 1, NEW), told(SOMEBODY, 2, NEW)], None).into_response(),
        Manner::Indiscreet => {
            let text = format!("{party} ringde");
            let told = Told {
                text,
                ..told(party, 1, NEW)
            };
            whole(form, party, &[told], None).into_response()
        }
        Manner::Short if page > 1 => whole(form, party, &[], Some(5)).into_response(),
        Manner::Short => one(Some(5)).into_response(),
        Manner::Repeating => one(Some(3)).into_response(),
        Manner::Endless => whole(form, party, &[told(party, page, NEW)], Some(1_000_000)).into_response(),
        Manner::Skewed => whole(form, party, &[told(party, 1, FAR)], None).into_response(),
    }
}

fn as_json(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The answer as a whole: about `party`, with these cases, of so many.
fn whole(form: Form, party: &str, cases: &[Told], total: Option<u64>) -> Json<Value> {
    Json(match form {
        Form::Cases => {
            let mut answer = json!({ "party": party, "cases": cases.iter().map(near).collect::<Vec<_>>() });
            if let Some(total) = total {
                answer["_meta"] = json!({ "totalRecords": total });
            }
            answer
        }
        Form::Errands => json!({ "errands": cases.iter().map(errand).collect::<Vec<_>>() }),
        Form::MinaArenden61 | Form::Pushed => {
            // Those of one person, one after the other, are a group.
            let groups = cases.chunk_by(|a, b| a.of == b.of).map(|cases| {
                let events: Vec<_> = cases.iter().map(event).collect();
                json!({
                    "part": { "kund": { "identifierare": cases[0].of, "typ": "Personnummer" } },
                    "totaltAntalKundhandelser": total.unwrap_or(events.len() as u64), "kundhandelserForPart": events,
                })
            });
            json!({ "kundhandelser": groups.collect::<Vec<_>>(), "delfragor": [] })
        }
    })
}

/// The same with one more item that is in nobody's form.
fn half_wrong(form: Form, mut answer: Value) -> Json<Value> {
    let items = match form {
        Form::Cases => &mut answer["cases"],
        Form::Errands => &mut answer["errands"],
        Form::MinaArenden61 | Form::Pushed => &mut answer["kundhandelser"][0]["kundhandelserForPart"],
    };
    items.as_array_mut().unwrap().push(json!({ "reference": "R-2" }));
    Json(answer)
}

/// Says whose it is, so that a test can tell when people are mixed.
fn title(told: &Told) -> String {
    format!("of {}", owner(told))
}

fn reference(told: &Told) -> String {
    format!("R-{}-{}", told.number, owner(told))
}

fn owner(told: &Told) -> &str {
    told.of.strip_prefix("known-as-").unwrap_or(&told.of)
}

fn near(told: &Told) -> Value {
    json!({
        "reference": reference(told), "title": { "sv": title(told) }, "summary": { "sv": told.text },
        "status": "inProgress", "requiresAction": false, "ballHolder": "agency", "lastChangedAt": told.changed,
    })
}

fn errand(told: &Told) -> Value {
    json!({
        "errand_no": reference(told), "party": told.of, "type": "BYGGLOV", "heading": title(told), "state": "HANDLAGGS",
        "unit": told.text, "opened": "2025-12-01 10:00", "changed": told.changed,
        "log": [{ "at": told.changed, "code": "HANDLAGGS" }],
    })
}

fn event(told: &Told) -> Value {
    json!({
        "kundhandelseId": format!("{}-{}", reference(told), told.changed), "rubrik": title(told), "beskrivning": told.text,
        "tidpunkt": told.changed, "kundhandelseTyp": "PROV.ARENDE.HANDLAGGS",
        "producentarendetKraverKundatgard": false, "producentarendetKlart": false,
        "referenser": [{ "identifierare": reference(told), "typ": "Producentarendereferens" }],
    })
}
