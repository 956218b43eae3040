//! What is wrong with an entry: everything at once, each with its place and what would be right.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use model::hours::Schedule;
use model::{ContactKind, LocalizedText};

use crate::data::directory::{Directory, Organisation};
use crate::entries::{Entry, EntryPoint};

const MOST_POINTS: usize = 50;

/// One thing that is wrong: its field and what it must be.
pub type Wrong = (String, String);

/// Everything that is wrong with an entry of this organisation on this day; empty: it may be taken.
#[must_use]
pub fn check(
    entry: &Entry,
    organisation: &Organisation,
    directory: &Directory,
    now: Timestamp,
    today: Date,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field: &str, message: &str| wrong.push((field.to_owned(), message.to_owned()));
    if entry.contact_points.is_empty() || entry.contact_points.len() > MOST_POINTS {
        say("contactPoints", "must hold from 1 to 50 items");
        return wrong;
    }
    if let Some(website) = &entry.website
        && !is_url(website)
    {
        say("website", "must be an https address of at most 500 characters");
    }
    successors(entry, organisation, directory, &mut say);
    let mut ids = HashSet::new();
    let mut places = HashSet::new();
    for (at, one) in entry.contact_points.iter().enumerate() {
        let mut say = |field: &str, message: &str| say(&format!("contactPoints[{at}].{field}"), message);
        if let Some(id) = &one.contact_point_id {
            if !is_id(id) {
                say(
                    "contactPointId",
                    "must be 1 to 100 lower-case letters, digits and hyphens",
                );
            } else if !ids.insert(id) {
                say("contactPointId", "is there more than once");
            }
        }
        if !places.insert((one.kind, &one.value, &one.url, &one.areas, one.valid_from)) {
            say("value", "is the same way as another contact point");
        }
        point(one, directory, now, &mut say);
    }
    if !entry
        .contact_points
        .iter()
        .any(|one| is_for_everybody(one, organisation, today))
    {
        say(
            "contactPoints",
            "must keep a way for a person without e-identification: a phone, callback, visit or letter with needsEId false, \
             valid today and without an end, for the organisation's whole area",
        );
    }
    wrong
}

/// Whether anybody can use it, today and until somebody changes it. What is only on the web is not for everybody.
fn is_for_everybody(point: &EntryPoint, organisation: &Organisation, today: Date) -> bool {
    let everywhere = point.areas.is_empty()
        || point.areas.iter().any(|area| {
            area == "SE"
                || Some(area) == organisation.municipality.as_ref()
                || Some(area) == organisation.county.as_ref()
        });
    let by_hand = matches!(
        point.kind,
        ContactKind::Phone | ContactKind::Callback | ContactKind::Visit | ContactKind::Letter
    );
    // A call-back that is ordered on the web is no way for who is not there.
    by_hand
        && point.value.is_some()
        && !point.needs_e_id
        && everywhere
        && point.holds_on(today)
        && point.valid_to.is_none()
}

fn successors(entry: &Entry, organisation: &Organisation, directory: &Directory, say: &mut impl FnMut(&str, &str)) {
    if entry.successor_ids.len() > 20 {
        say("successorIds", "must hold at most 20 items");
        return;
    }
    if !entry.successor_ids.is_empty() && entry.valid_to.is_none() {
        say(
            "validTo",
            "is needed where there are successors: the last day before they take over",
        );
    }
    for (at, id) in entry.successor_ids.iter().enumerate() {
        let field = format!("successorIds[{at}]");
        if *id == organisation.id {
            say(&field, "must be another organisation");
        } else if directory.organisation(id).is_none() {
            say(&field, "must be the id of an organisation in the directory");
        }
    }
}

fn point(one: &EntryPoint, directory: &Directory, now: Timestamp, say: &mut impl FnMut(&str, &str)) {
    text(&one.name, "name", 200, say);
    if let Some(alert) = &one.alert {
        text(alert, "alert", 500, say);
    }
    reached(one, say);
    if one.areas.len() > 300 {
        say("areas", "must hold at most 300 items");
    }
    let county = |area: &str| directory.municipalities.iter().any(|one| one.county == area);
    for (at, area) in one.areas.iter().take(300).enumerate() {
        if area != "SE" && directory.municipality(area).is_none() && !county(area) {
            say(
                &format!("areas[{at}]"),
                "must be a municipality's code, a county's code or SE",
            );
        }
    }
    if one.languages.len() > 30 || !one.languages.iter().all(|tag| is_language(tag)) {
        say(
            "languages",
            "must hold at most 30 language tags (BCP 47), as sv or zh-Hant",
        );
    }
    if one.schedules.len() > 20 {
        say("schedules", "must hold at most 20 items");
    }
    for (at, schedule) in one.schedules.iter().take(20).enumerate() {
        if let Err(error) = schedule.parse::<Schedule>() {
            say(&format!("schedules[{at}]"), &error.to_string());
        }
    }
    let word = |word: &String| (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if one.accessibility.len() > 20 || !one.accessibility.iter().all(word) {
        say(
            "accessibility",
            "must hold at most 20 words of 1 to 40 letters and digits",
        );
    }
    if one
        .valid_from
        .zip(one.valid_to)
        .is_some_and(|(first, last)| last < first)
    {
        say("validTo", "must not be before validFrom");
    }
    // Clocks differ a little.
    let limit = now.checked_add(Span::new().minutes(5)).unwrap_or(now);
    if one.assured_at.is_some_and(|at| at > limit) {
        say("assuredAt", "must not be in the future");
    }
}

/// Each kind is reached by a number or address, or on the web, and by that alone.
fn reached(one: &EntryPoint, say: &mut impl FnMut(&str, &str)) {
    if one.url.as_deref().is_some_and(|url| !is_url(url)) {
        say("url", "must be an https address of at most 500 characters");
    }
    let written = |value: &str| {
        let length = value.chars().count();
        (1..=300).contains(&length) && value.trim() == value && !value.chars().any(char::is_control)
    };
    if one.value.as_deref().is_some_and(|value| !written(value)) {
        say(
            "value",
            "must be from 1 to 300 characters, without control characters or blanks around it",
        );
    }
    let (value, url) = (one.value.is_some(), one.url.is_some());
    match one.kind {
        ContactKind::Phone => {
            if url || !one.value.as_deref().is_some_and(is_number) {
                say(
                    "value",
                    "must be a phone number: digits, blanks, hyphens and a leading +",
                );
            }
        }
        ContactKind::Email => {
            if url || !one.value.as_deref().is_some_and(is_mail) {
                say("value", "must be an e-mail address");
            }
        }
        ContactKind::Visit | ContactKind::Letter => {
            if url || !value {
                say("value", "must be a postal address or a place, and url left out");
            }
        }
        ContactKind::Form | ContactKind::Chat => {
            if value || !url {
                say("url", "must be where it is on the web, and value left out");
            }
        }
        ContactKind::Callback => {
            if value == url || value && !one.value.as_deref().is_some_and(is_number) {
                say(
                    "value",
                    "must be the number to order a call at; or url where it is ordered on the web",
                );
            }
        }
        ContactKind::Video | ContactKind::DigitalPost => {
            if value == url {
                say(
                    "value",
                    "must be an address, or url where it is on the web; one of them",
                );
            }
        }
    }
}

fn text(text: &LocalizedText, field: &str, longest: usize, say: &mut impl FnMut(&str, &str)) {
    let fits = |text: &str| {
        (1..=longest).contains(&text.chars().count()) && !text.trim().is_empty() && !text.chars().any(char::is_control)
    };
    let tagged = text.others.iter().all(|(tag, text)| is_language(tag) && fits(text));
    if !fits(&text.sv) || !text.en.as_deref().is_none_or(fits) || !tagged || text.others.len() > 20 {
        let message = format!("must be from 1 to {longest} characters in each language, under language tags");
        say(field, &message);
    }
}

fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=100).contains(&id.len()) && id.bytes().all(allowed)
}

/// An https address with a host and without anybody's name and password in it.
fn is_url(text: &str) -> bool {
    let fits = text.len() <= 500 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let url = reqwest::Url::parse(text).ok();
    fits && url.is_some_and(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    })
}

fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'(' | b')');
    (3..=15).contains(&digits) && rest.bytes().all(allowed)
}

fn is_mail(text: &str) -> bool {
    let Some((who, host)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = text.len() <= 254
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ','));
    plain
        && !who.is_empty()
        && !who.contains('@')
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    letters
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && tag.len() <= 35
}
