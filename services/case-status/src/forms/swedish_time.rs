//! Times as Swedish systems write them: on the wall's clock, without an offset, or a day only.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads `2026-01-31T10:00:00Z`, `2026-01-31 10:00` or `2026-01-31`. A day means its last second, since a last day
/// counts to its end.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if text.len() == 10 {
        let day: Date = text.parse().ok()?;
        return on_the_wall(day.at(23, 59, 59, 0));
    }
    on_the_wall(text.parse().ok()?)
}

/// As [`read`], but a day means its first moment: it counts from its beginning.
pub(crate) fn read_beginning(text: &str) -> Option<Timestamp> {
    match text.parse::<Date>() {
        Ok(day) if text.len() == 10 => on_the_wall(day.at(0, 0, 0, 0)),
        _ => read(text),
    }
}

/// Swedish time by its rule, so that no zone database need be installed.
fn on_the_wall(time: DateTime) -> Option<Timestamp> {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").ok()?;
    Some(time.to_zoned(zone).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn local_times_become_utc_by_the_season() {
        let cases = [
            ("2026-01-15 10:00", Some("2026-01-15T09:00:00Z")),
            ("2026-07-15 10:00", Some("2026-07-15T08:00:00Z")),
            ("2026-02-01", Some("2026-02-01T22:59:59Z")),
            ("2026-01-15T10:00:00Z", Some("2026-01-15T10:00:00Z")),
            ("2026-01-15T10:00:00+01:00", Some("2026-01-15T09:00:00Z")),
            ("i morgon", None),
            ("2026-02-30", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }
}
