//! When a period of the calendar begins and ends.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use snapshot::Calendar;

const DAY: i64 = 86_400;

/// Unix seconds of the beginning of the period that `now` lies in, and of the next one's.
pub(super) fn around(calendar: Calendar, now: i64) -> (i64, i64) {
    let day = now.div_euclid(DAY).saturating_mul(DAY);
    match calendar {
        Calendar::Day => (day, day.saturating_add(DAY)),
        // A clock beyond the calendar's thousands of years is wrong anyway; by the day nothing is lost.
        Calendar::Month => month(now).unwrap_or((day, day.saturating_add(DAY))),
    }
}

fn month(now: i64) -> Option<(i64, i64)> {
    let date = Timestamp::from_second(now).ok()?.to_zoned(TimeZone::UTC).date();
    let begins = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second());
    let next = date.last_of_month().tomorrow().ok()?;
    Some((begins(date.first_of_month())?, begins(next)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn days_and_months_begin_at_midnight_utc() {
        for (calendar, now, starts, ends) in [
            (
                Calendar::Day,
                "2026-11-26T15:04:05Z",
                "2026-11-26T00:00:00Z",
                "2026-11-27T00:00:00Z",
            ),
            (
                Calendar::Day,
                "2026-11-26T00:00:00Z",
                "2026-11-26T00:00:00Z",
                "2026-11-27T00:00:00Z",
            ),
            (
                Calendar::Month,
                "2026-11-26T15:04:05Z",
                "2026-11-01T00:00:00Z",
                "2026-12-01T00:00:00Z",
            ),
            (
                Calendar::Month,
                "2026-12-31T23:59:59Z",
                "2026-12-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                Calendar::Month,
                "2028-02-29T12:00:00Z",
                "2028-02-01T00:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                Calendar::Month,
                "1969-12-31T23:59:59Z",
                "1969-12-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(around(calendar, at(now)), (at(starts), at(ends)), "{calendar:?} {now}");
        }
        for odd in [i64::MIN, i64::MAX] {
            let (starts, ends) = around(Calendar::Month, odd);
            assert!(starts <= odd && odd <= ends);
        }
    }
}
