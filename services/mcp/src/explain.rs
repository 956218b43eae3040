//! A case in plain words, from what is known of it and nothing else.

use model::{BallHolder, Case, CaseStatus, Freshness, LocalizedText, OutcomeKind};
use serde_json::Value;

use crate::server::{Language, localized};

/// One case explained; none when it is not a case.
pub(crate) fn explain(language: Language, value: &Value) -> Option<String> {
    let case: Case = serde_json::from_value(value.clone()).ok()?;
    let say = |sv: &str, en: &str| language.of(sv, en).to_owned();
    let mut lines = vec![format!("{} ({})", text(language, &case.title), case.organisation_id)];
    lines.push(format!(
        "{} {}",
        status(language, case.status),
        ball(language, case.ball_holder)
    ));
    if let Some(own) = case.status_detail.as_ref().and_then(|detail| detail.text.as_ref()) {
        lines.push(format!(
            "{} {}",
            say("Med myndighetens ord:", "In the authority's own words:"),
            text(language, own)
        ));
    }
    for step in &case.next_steps {
        let who = match step.who {
            BallHolder::Person => say("Du ska", "You have to"),
            BallHolder::Agency => say("Myndigheten ska", "The authority is to"),
            BallHolder::ThirdParty | BallHolder::Nobody => say("Någon annan ska", "Somebody else is to"),
        };
        let due = step
            .due_at
            .map(|at| format!(" {} {}", say("senast", "by"), day(at)))
            .unwrap_or_default();
        lines.push(format!("{who}: {}{due}.", text(language, &step.what)));
    }
    if let Some(suspended) = &case.suspended {
        lines.push(format!(
            "{} {}",
            say("Ärendet vilar:", "The case is suspended:"),
            text(language, &suspended.reason)
        ));
    }
    if let Some(outcome) = &case.outcome {
        lines.push(decided(language, outcome.kind).to_owned());
        if let Some(why) = &outcome.explanation {
            lines.push(text(language, why).to_owned());
        }
        if let Some(by) = outcome.appeal_by {
            let to = outcome
                .appeal_to
                .as_ref()
                .map(|to| format!(" ({})", text(language, to)))
                .unwrap_or_default();
            lines.push(format!(
                "{} {}{to}.",
                say("Du kan överklaga senast", "You can appeal until"),
                day(by)
            ));
        }
    }
    for (at, sv, en) in [
        (case.expected_at, "Väntas vara klart", "Expected to be done"),
        (
            case.legal_deadline_at,
            "Ska enligt lag vara klart senast",
            "The law says it must be done by",
        ),
    ] {
        if let Some(at) = at.filter(|_| !case.closed) {
            lines.push(format!("{} {}.", say(sv, en), day(at)));
        }
    }
    if case.source.freshness == Freshness::Stale {
        let stale = say(
            "Källan svarar inte just nu; detta är vad som gällde",
            "The source does not answer now; this is how it was",
        );
        lines.push(format!("{stale} {}.", day(case.source.as_of)));
    }
    Some(lines.join("\n"))
}

/// A list of cases in a few lines, those that wait for the person first, and which sources are missing.
pub(crate) fn summary(language: Language, list: &Value) -> String {
    let mut cases: Vec<Case> = list["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|case| serde_json::from_value(case.clone()).ok())
        .collect();
    cases.sort_by_key(|case| (!case.requires_action, case.closed));
    let mut lines = vec![match (language, cases.len()) {
        (Language::Sv, 0) => "Inga ärenden.".to_owned(),
        (Language::Sv, count) => format!("{count} ärenden:"),
        (Language::En, 0) => "No cases.".to_owned(),
        (Language::En, count) => format!("{count} cases:"),
    }];
    for case in &cases {
        lines.push(format!(
            "- {} ({}): {} {} [caseId {}]",
            text(language, &case.title),
            case.organisation_id,
            status(language, case.status),
            ball(language, case.ball_holder),
            case.case_id,
        ));
    }
    for source in list["sources"].as_array().into_iter().flatten() {
        if !matches!(source["status"].as_str(), Some("ok" | "notAsked")) {
            let missing = language.of(
                "svarade inte; dess ärenden kan saknas eller vara äldre.",
                "did not answer; its cases may be missing or older.",
            );
            lines.push(format!("! {} {missing}", localized(language, &source["name"])));
        }
    }
    lines.join("\n")
}

fn text(language: Language, text: &LocalizedText) -> &str {
    match language {
        Language::Sv => &text.sv,
        Language::En => text.en.as_deref().unwrap_or(&text.sv),
    }
}

fn day(at: jiff::Timestamp) -> String {
    let zone = jiff::tz::TimeZone::get("Europe/Stockholm").unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%d").to_string()
}

const fn status(language: Language, status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::Received => language.of("Ärendet är mottaget.", "The case has been received."),
        CaseStatus::InProgress => language.of("Ärendet handläggs.", "The case is being dealt with."),
        CaseStatus::WaitingForPerson => language.of("Ärendet väntar på dig.", "The case waits for you."),
        CaseStatus::WaitingForOther => {
            language.of("Ärendet väntar på någon annan.", "The case waits for somebody else.")
        }
        CaseStatus::Decided => language.of("Ärendet är beslutat.", "The case has been decided."),
        CaseStatus::Closed => language.of("Ärendet är avslutat.", "The case is closed."),
        CaseStatus::Withdrawn => language.of("Ärendet är återtaget.", "The case was withdrawn."),
    }
}

const fn ball(language: Language, holder: BallHolder) -> &'static str {
    match holder {
        BallHolder::Person => language.of("Bollen är hos dig.", "The ball is with you."),
        BallHolder::Agency => language.of(
            "Bollen är hos myndigheten; du behöver inte göra något nu.",
            "The ball is with the authority; you need do nothing now.",
        ),
        BallHolder::ThirdParty => language.of(
            "Bollen är hos någon annan; du behöver inte göra något nu.",
            "The ball is with somebody else; you need do nothing now.",
        ),
        BallHolder::Nobody => language.of("Ingen behöver göra något mer.", "Nobody has anything more to do."),
    }
}

const fn decided(language: Language, kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Granted => language.of(
            "Beslut: ja, du fick det du sökte.",
            "Decision: yes, you got what you applied for.",
        ),
        OutcomeKind::PartlyGranted => language.of(
            "Beslut: du fick en del av det du sökte.",
            "Decision: you got a part of what you applied for.",
        ),
        OutcomeKind::Rejected => language.of(
            "Beslut: nej, du fick inte det du sökte.",
            "Decision: no, you did not get what you applied for.",
        ),
        OutcomeKind::Dismissed => language.of(
            "Beslut: ärendet prövas inte i sak.",
            "Decision: the matter itself is not examined.",
        ),
        OutcomeKind::Other => language.of("Det finns ett beslut.", "There is a decision."),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case() -> Value {
        json!({
            "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "references": [], "organisationId": "exempelby", "parties": [],
            "title": { "sv": "Bygglov", "en": "Building permit" }, "status": "waitingForPerson", "requiresAction": true,
            "closed": false, "ballHolder": "person", "lastChangedAt": "2026-01-15T10:00:00Z", "revision": "1", "_links": [],
            "nextSteps": [{ "stepId": "a", "who": "person", "what": { "sv": "Skicka in: Situationsplan" }, "dueAt": "2026-02-01T22:59:59Z" }],
            "legalDeadlineAt": "2026-03-13T08:14:00Z",
            "source": { "sourceId": "exempelby", "organisationId": "exempelby", "asOf": "2026-01-20T12:00:00Z", "freshness": "stale" },
        })
    }

    #[test]
    fn what_to_do_and_by_when_is_said_in_the_days_of_sweden() {
        let text = explain(Language::Sv, &case()).unwrap();
        for part in [
            "Bollen är hos dig.",
            "Du ska: Skicka in: Situationsplan senast 2026-02-01.",
            "enligt lag vara klart senast 2026-03-13",
            "Källan svarar inte just nu",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        let decided = {
            let mut decided = case();
            decided["status"] = json!("decided");
            decided["outcome"] = json!({ "kind": "rejected", "appealBy": "2026-03-01T22:59:59Z" });
            explain(Language::En, &decided).unwrap()
        };
        assert!(
            decided.contains("Decision: no") && decided.contains("You can appeal until 2026-03-01."),
            "{decided}"
        );
        assert_eq!(explain(Language::Sv, &json!({ "title": 1 })), None);
    }

    #[test]
    fn a_list_says_which_source_is_missing() {
        let list = json!({ "cases": [case()], "sources": [{ "status": "timeout", "name": { "sv": "Skatten" } }, { "status": "ok", "name": { "sv": "Kommunen" } }] });
        let text = summary(Language::Sv, &list);
        assert!(
            text.starts_with("1 ärenden:") && text.contains("! Skatten svarade inte"),
            "{text}"
        );
        assert!(!text.contains("Kommunen"), "{text}");
    }
}
