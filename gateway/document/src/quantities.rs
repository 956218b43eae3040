//! Values that are more than a TOML type: durations, dates, instants.

use crate::tree::Value;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::time::Duration;

/// Units of a duration, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// What a duration looks like.
pub(crate) const DURATION: &str = "a duration such as \"500ms\", \"2s\" or \"1m30s\"";
/// What an instant looks like.
pub(crate) const TIMESTAMP: &str = "a time such as 2026-01-31T08:00:00Z or 2026-01-31";
/// What a date looks like.
pub(crate) const DATE: &str = "a date such as 2026-01-31";

/// Reads `500ms`, `2s`, `1m30s`, `0s`; whole numbers, largest unit first.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *milliseconds >= smallest {
            return None;
        }
        smallest = *milliseconds;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*milliseconds)?)?;
        rest = after;
    }
    (smallest != u64::MAX).then(|| Duration::from_millis(total))
}

/// Reads an instant as Unix seconds: a TOML date-time with an offset, a date (its first second in UTC), or either as a
/// string. A time without an offset is refused: it means something else on each machine.
pub(crate) fn timestamp(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Datetime(time) => time,
        Value::String(text) => text,
        _ => return None,
    };
    if let Some(date) = date_of(text) {
        return date
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|midnight| midnight.timestamp().as_second());
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// Reads a date, `YYYY-MM-DD`, as itself.
pub(crate) fn date(value: &Value) -> Option<String> {
    let text = match value {
        Value::Datetime(time) => time,
        Value::String(text) => text,
        _ => return None,
    };
    date_of(text).map(|date| date.to_string())
}

fn date_of(text: &str) -> Option<Date> {
    if text.len() == "2026-01-31".len() {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn durations() {
        let good = [
            ("2s", 2_000),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("0s", 0),
            ("1d", 86_400_000),
            ("1h5ms", 3_600_005),
        ];
        for (text, milliseconds) in good {
            assert_eq!(duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "",
            "2",
            "s",
            "2 s",
            "-2s",
            "1.5s",
            "2S",
            "30s1m",
            "1s1s",
            "99999999999999999999s",
            "2sek",
            "300000000000000d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
