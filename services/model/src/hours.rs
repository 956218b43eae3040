//! Opening hours as RFC 5545 recurrences, and whether something is open at a time.
//!
//! Only what opening hours need is read, so that nothing is half understood: a weekly rule from one time of day for a
//! duration, on the wall's clock in Sweden. On the wire a schedule is three content lines:
//!
//! ```text
//! DTSTART;TZID=Europe/Stockholm:20260101T080000
//! DURATION:PT8H
//! RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
//! ```

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::holidays;

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const MINUTES_OF_A_DAY: u32 = 24 * 60;
/// Within these many days something opens again, or its hours are not known.
const LOOK_AHEAD: i64 = 21;

/// Weekly hours: on some days, from a minute of the day for a number of minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    days: [bool; 7],
    from: u32,
    minutes: u32,
}

/// Why a text is not a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be DTSTART;TZID=Europe/Stockholm, DURATION of at most a day, and RRULE:FREQ=WEEKLY;BYDAY on lines of their own"
)]
pub struct NotASchedule;

/// Whether something is open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OpenState {
    /// Open.
    Open,
    /// Closed.
    Closed,
    /// Nobody said when it is open.
    Unknown,
}

/// Whether something is open at a time, and what comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"state": "open", "closesAt": "2026-11-26T15:00:00Z"}))]
pub struct Opening {
    /// Open, closed or unknown.
    pub state: OpenState,
    /// When it opens next, while closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-27T07:00:00Z")]
    pub opens_at: Option<Timestamp>,
    /// When it closes, while open; left out when it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-26T15:00:00Z")]
    pub closes_at: Option<Timestamp>,
}

impl Schedule {
    /// Hours as people write them in our data files: `MO-FR 08:00-16:00`, `SA 10:00-14:00`, `24/7`.
    #[must_use]
    pub fn from_short(text: &str) -> Option<Self> {
        if text == "24/7" {
            return Some(Self {
                days: [true; 7],
                from: 0,
                minutes: MINUTES_OF_A_DAY,
            });
        }
        let (days, hours) = text.split_once(' ')?;
        let at = |name: &str| DAYS.iter().position(|day| *day == name);
        let (first, last) = match days.split_once('-') {
            Some((first, last)) => (at(first)?, at(last)?),
            None => (at(days)?, at(days)?),
        };
        let mut set = [false; 7];
        set.get_mut(first..=last)?.fill(true);
        let (from, to) = hours.split_once('-')?;
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let (from, to) = (minute(from)?, minute(to)?);
        (from < to && to <= MINUTES_OF_A_DAY).then(|| Self {
            days: set,
            from,
            minutes: to - from,
        })
    }

    /// Whether it holds all day, every day.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.days == [true; 7] && self.minutes == MINUTES_OF_A_DAY
    }

    fn on(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let at = usize::try_from(day.weekday().to_monday_zero_offset()).ok()?;
        if !*self.days.get(at)? {
            return None;
        }
        let zone = sweden()?;
        let time = |minutes: u32| {
            let (day, minutes) = if minutes >= MINUTES_OF_A_DAY {
                (day.tomorrow().ok()?, minutes - MINUTES_OF_A_DAY)
            } else {
                (day, minutes)
            };
            let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
            Some(day.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp())
        };
        Some((time(self.from)?, time(self.from + self.minutes)?))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<&str> = DAYS
            .iter()
            .zip(self.days)
            .filter_map(|(name, open)| open.then_some(*name))
            .collect();
        // The first such day of 2026, as RFC 5545 wants the start to be an occurrence.
        let first = self.days.iter().cycle().skip(3).position(|open| *open).unwrap_or(0) + 1;
        writeln!(
            f,
            "DTSTART;TZID=Europe/Stockholm:202601{first:02}T{:02}{:02}00",
            self.from / 60,
            self.from % 60
        )?;
        writeln!(f, "DURATION:{}", duration(self.minutes))?;
        write!(f, "RRULE:FREQ=WEEKLY;BYDAY={}", days.join(","))
    }
}

fn duration(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("PT{hours}H"),
        (0, minutes) => format!("PT{minutes}M"),
        (hours, minutes) => format!("PT{hours}H{minutes}M"),
    }
}

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        read(text).ok_or(NotASchedule)
    }
}

fn read(text: &str) -> Option<Schedule> {
    let (mut from, mut minutes, mut days) = (None, None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(start) = line.strip_prefix("DTSTART;TZID=Europe/Stockholm:") {
            let (date, time) = start.split_once('T')?;
            let digits = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
            let (hour, minute): (u32, u32) = (time.get(0..2)?.parse().ok()?, time.get(2..4)?.parse().ok()?);
            let whole = time.len() == 6 && time.get(4..6)? == "00" && hour < 24 && minute < 60;
            from = (digits && whole).then_some(hour * 60 + minute);
            from?;
        } else if let Some(length) = line.strip_prefix("DURATION:PT") {
            let (hours, rest) = length.split_once('H').unwrap_or(("0", length));
            let rest = if rest.is_empty() { "0" } else { rest.strip_suffix('M')? };
            minutes = Some(
                hours
                    .parse::<u32>()
                    .ok()?
                    .checked_mul(60)?
                    .checked_add(rest.parse().ok()?)?,
            );
        } else {
            let rule = line.strip_prefix("RRULE:FREQ=WEEKLY;BYDAY=")?;
            let mut set = [false; 7];
            for name in rule.split(',') {
                *set.get_mut(DAYS.iter().position(|day| *day == name)?)? = true;
            }
            days = Some(set);
        }
    }
    let (from, minutes) = (from?, minutes?);
    (1..=MINUTES_OF_A_DAY).contains(&minutes).then_some(Schedule {
        days: days?,
        from,
        minutes,
    })
}

/// Swedish time by its rule, so that no zone database need be installed.
#[must_use]
pub fn sweden() -> Option<TimeZone> {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").ok()
}

/// Whether something with these hours is open at `now`. On days when offices are closed only what is always open is.
#[must_use]
pub fn opening(schedules: &[Schedule], now: Timestamp) -> Opening {
    let unknown = Opening {
        state: OpenState::Unknown,
        opens_at: None,
        closes_at: None,
    };
    if schedules.is_empty() {
        return unknown;
    }
    if schedules.iter().any(Schedule::is_always) {
        return Opening {
            state: OpenState::Open,
            ..unknown
        };
    }
    let Some(today) = sweden().map(|zone| now.to_zoned(zone).date()) else {
        return unknown;
    };
    let spans = (-1..LOOK_AHEAD)
        .filter_map(|days| today.checked_add(Span::new().days(days)).ok())
        .filter(|day| holidays::closed_day(*day).is_none())
        .flat_map(|day| schedules.iter().filter_map(move |one| one.on(day)));
    let mut next: Option<Timestamp> = None;
    for (from, to) in spans {
        if from <= now && now < to {
            return Opening {
                state: OpenState::Open,
                opens_at: None,
                closes_at: Some(to),
            };
        }
        if from > now && next.is_none_or(|known| from < known) {
            next = Some(from);
        }
    }
    Opening {
        state: OpenState::Closed,
        opens_at: next,
        closes_at: None,
    }
}

/// Whether a day is one on which offices are open at all.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && holidays::closed_day(day).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_is_written() {
        for short in ["MO-FR 08:00-16:00", "SA 10:00-14:30", "24/7", "MO-SU 07:15-23:00"] {
            let schedule = Schedule::from_short(short).unwrap();
            assert_eq!(schedule.to_string().parse(), Ok(schedule), "{short}");
        }
        for wrong in [
            "",
            "RRULE:FREQ=DAILY",
            "DTSTART;TZID=Europe/Stockholm:20260101T080000",
            "X",
            "DURATION:PT99H",
        ] {
            assert_eq!(wrong.parse::<Schedule>(), Err(NotASchedule), "{wrong}");
        }
        assert!(Schedule::from_short("MO-FR 16:00-08:00").is_none());
    }

    #[test]
    fn open_now_or_next_respects_weekends_holidays_and_summer_time() {
        let office = [Schedule::from_short("MO-FR 08:00-16:00").unwrap()];
        let at = |time: &str| opening(&office, time.parse().unwrap());
        assert_eq!(
            at("2026-11-26T10:00:00Z").closes_at,
            Some("2026-11-26T15:00:00Z".parse().unwrap())
        );
        assert_eq!(at("2026-07-06T06:30:00Z").state, OpenState::Open);
        assert_eq!(
            at("2026-11-27T15:00:00Z").opens_at,
            Some("2026-11-30T07:00:00Z".parse().unwrap())
        );
        // Christmas Eve to Boxing Day 2026 and the weekend after it.
        assert_eq!(
            at("2026-12-24T09:00:00Z").opens_at,
            Some("2026-12-28T07:00:00Z".parse().unwrap())
        );
        let always = [Schedule::from_short("24/7").unwrap()];
        assert_eq!(
            opening(&always, "2026-12-25T03:00:00Z".parse().unwrap()).state,
            OpenState::Open
        );
        assert_eq!(opening(&[], Timestamp::UNIX_EPOCH).state, OpenState::Unknown);
    }
}
