//! Nobody's person number in anything that a whole run has shown, logged, traced, counted or stored.
//!
//! In a store of people it is there, encrypted; the sandbox's register and agencies know it, and keep it in memory.

use crate::process::{Vagvisare, everything_under, shell};
use std::path::Path;

/// How a person number is written: with the century or without, in one piece, with a hyphen, or with a plus for those who
/// have turned a hundred. What is written with the century holds what is written without.
fn spellings(digits: &str) -> [String; 5] {
    let (day, serial) = digits[2..].split_at(6);
    ["", "-", "+", "%2B", " "].map(|between| format!("{day}{between}{serial}"))
}

/// Whose number is told in `text`.
pub(crate) fn told_in(text: &str) -> Vec<String> {
    let is_told = |digits: &str| spellings(digits).iter().any(|spelling| text.contains(spelling));
    let people = sandbox::people().into_iter();
    people
        .filter(|one| is_told(one.number.digits()))
        .map(|one| one.key)
        .collect()
}

/// Ends a demo and looks through what it said, logged, traced, counted and stored below `folder`, and what was `seen` of it.
pub(crate) fn nobody_is_told(demo: Vagvisare, operations: &str, folder: &Path, seen: &[&str]) {
    let metrics = shell(&format!("curl -s {operations}/metrics"));
    let traces = shell(&format!("curl -s '{operations}/traces?format=json'"));
    assert!(metrics.contains("http_server_request_duration_seconds"), "{metrics}");
    demo.signal("TERM");
    let (status, printed) = demo.ended();
    assert!(status.success(), "{printed}");
    let stored = everything_under(folder);
    let places = [
        ("metrics", &metrics),
        ("traces", &traces),
        ("log", &printed),
        ("files", &stored),
    ];
    let seen = seen.iter().map(|&text| ("answers", text));
    for (place, text) in places
        .map(|(place, text)| (place, text.as_str()))
        .into_iter()
        .chain(seen)
    {
        assert!(told_in(text).is_empty(), "{place} tell of {:?}", told_in(text));
    }
}

#[test]
fn every_spelling_is_found() {
    let person = &sandbox::people()[0];
    let digits = person.number.digits();
    let (day, serial) = digits.split_at(8);
    for text in [
        digits.to_owned(),
        digits[2..].to_owned(),
        format!("{day}-{serial}"),
        format!("{}-{serial}", &day[2..]),
        format!("x={}+{serial}&", &day[2..]),
        format!("{day}%2B{serial}"),
    ] {
        assert_eq!(told_in(&text), [person.key.as_str()]);
    }
    assert!(told_in("18900101-9802").is_empty());
}
