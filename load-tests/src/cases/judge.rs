//! What an answer must say, from the numbers alone.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::world::{Manner, World};

/// Nearer to the deadline than this an answer may be in time or not.
const NEAR: Duration = Duration::from_millis(150);
/// So many mistakes are told; the others are counted.
const TOLD: usize = 10;

/// What was found in answers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Sources that had to be asked.
    pub(super) asked: u64,
    /// Sources that would have been in time and were told as late.
    pub(super) late: u64,
    /// What no load excuses.
    pub(super) mistakes: Vec<String>,
}

impl Verdict {
    pub(super) fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.late += other.late;
        self.mistakes.extend(other.mistakes);
        self.mistakes.truncate(TOLD);
    }
}

#[derive(Deserialize)]
struct Answer {
    cases: Vec<Case>,
    sources: Vec<Source>,
    complete: bool,
}

#[derive(Deserialize)]
struct Case {
    title: Title,
    source: CaseSource,
}

#[derive(Deserialize)]
struct Title {
    sv: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CaseSource {
    source_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    source_id: String,
    status: String,
    item_count: u64,
}

/// Judges the answer to a person.
pub(super) fn judge(world: &World, person: u32, status: StatusCode, body: &[u8]) -> Verdict {
    let engaged = world.engaged(person);
    let mut verdict = Verdict {
        asked: engaged.len() as u64,
        ..Verdict::default()
    };
    let mut wrong = |what: String| verdict.mistakes.push(format!("{}: {what}", World::party(person)));
    if contains(body, b"known-as-") {
        wrong("an answer holds what a source knows the person by".to_owned());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        if engaged.iter().any(|source| must_answer(world, person, *source)) {
            // Nobody got through although somebody would have: late, all of them.
            verdict.late += engaged.len() as u64;
        }
        return verdict;
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        wrong(format!("{status} is no answer"));
        return verdict;
    };
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for case in &answer.cases {
        *counts.entry(&case.source.source_id).or_default() += 1;
        if case.title.sv != format!("of {}", World::party(person)) {
            wrong(format!("a case is told as theirs that is {}", case.title.sv));
        }
    }
    let mut late = 0;
    for source in &answer.sources {
        let number: u32 = source.source_id.trim_start_matches('s').parse().unwrap_or(u32::MAX);
        let is_engaged = engaged.contains(&number);
        let told = counts.get(source.source_id.as_str()).copied().unwrap_or(0);
        let expected = match source.status.as_str() {
            "ok" | "stale" if is_engaged && World::manner(number) == Manner::Answers => World::cases(person, number),
            "notAsked" if !is_engaged => 0,
            "failed" | "timeout" if is_engaged => 0,
            other => {
                wrong(format!("{} is {other}", source.source_id));
                continue;
            }
        };
        if (told, source.item_count) != (expected, expected) {
            wrong(format!("{} tells {told} of {expected} cases", source.source_id));
        }
        if source.status != "ok" && is_engaged && must_answer(world, person, number) {
            late += 1;
        }
    }
    if answer.sources.len() != world.sources() as usize {
        wrong(format!("{} sources are told of", answer.sources.len()));
    }
    let whole = answer
        .sources
        .iter()
        .all(|source| matches!(source.status.as_str(), "ok" | "notAsked"));
    if answer.complete != whole {
        wrong("it is called complete, or not, against what it says of its sources".to_owned());
    }
    verdict.late += late;
    verdict
}

fn must_answer(world: &World, person: u32, source: u32) -> bool {
    World::manner(source) == Manner::Answers && World::latency(person, source) + NEAR < world.deadline()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A person whom a source that answers in time knows, and that source.
    fn somebody(world: &World) -> (u32, u32) {
        (0..100)
            .find_map(|person| match world.engaged(person).as_slice() {
                [source] if must_answer(world, person, *source) => Some((person, *source)),
                _ => None,
            })
            .unwrap()
    }

    fn right(world: &World, person: u32, source: u32) -> Value {
        let case =
            json!({ "title": { "sv": format!("of person-{person}") }, "source": { "sourceId": format!("s{source}") } });
        let count = World::cases(person, source);
        let sources = (0..world.sources()).map(|at| match at == source {
            true => json!({ "sourceId": format!("s{at}"), "status": "ok", "itemCount": count }),
            false => json!({ "sourceId": format!("s{at}"), "status": "notAsked", "itemCount": 0 }),
        });
        json!({ "cases": vec![case; usize::try_from(count).unwrap()], "sources": sources.collect::<Vec<_>>(), "complete": true })
    }

    #[test]
    fn a_right_answer_is_let_through_and_each_wrong_one_is_not() {
        let world = World::new(100, 5, Duration::from_secs(1));
        let (person, source) = somebody(&world);
        let judged = |answer: &Value| judge(&world, person, StatusCode::OK, answer.to_string().as_bytes());
        let answer = right(&world, person, source);
        assert_eq!(
            judged(&answer),
            Verdict {
                asked: 1,
                ..Verdict::default()
            }
        );
        let wrong: [fn(&mut Value, usize); 6] = [
            |answer, _| answer["cases"][0]["title"]["sv"] = json!("of person-100"),
            |answer, _| answer["complete"] = json!(false),
            |answer, at| answer["sources"][at]["itemCount"] = json!(0),
            |answer, at| answer["sources"][(at + 1) % 5]["status"] = json!("ok"),
            |answer, _| answer["sources"].as_array_mut().unwrap().truncate(1),
            |answer, _| answer["cases"][0]["title"]["en"] = json!("known-as-1"),
        ];
        for (at, change) in wrong.iter().enumerate() {
            let mut answer = answer.clone();
            change(&mut answer, source as usize);
            assert!(!judged(&answer).mistakes.is_empty(), "{at}");
        }
    }

    #[test]
    fn who_is_told_as_late_without_need_is_counted() {
        let world = World::new(100, 5, Duration::from_secs(1));
        let (person, source) = somebody(&world);
        let mut answer = right(&world, person, source);
        answer["sources"][source as usize] =
            json!({ "sourceId": format!("s{source}"), "status": "timeout", "itemCount": 0 });
        (answer["cases"], answer["complete"]) = (json!([]), json!(false));
        let verdict = judge(&world, person, StatusCode::OK, answer.to_string().as_bytes());
        assert_eq!((verdict.late, verdict.mistakes.len()), (1, 0), "{verdict:?}");
        let nobody = judge(&world, person, StatusCode::SERVICE_UNAVAILABLE, b"{}");
        assert_eq!(nobody.late, 1);
    }
}
