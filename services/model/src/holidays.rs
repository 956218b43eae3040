//! Swedish days on which offices are closed: public holidays (lagen 1989:253) and the eves that are kept as such.

use jiff::civil::{Date, Weekday};

use crate::LocalizedText;

/// The name of the holiday or eve that a day is, when it is one on which offices are closed.
#[must_use]
pub fn closed_day(day: Date) -> Option<LocalizedText> {
    let fixed = match (day.month(), day.day()) {
        (1, 1) => Some(("Nyårsdagen", "New Year's Day")),
        (1, 6) => Some(("Trettondedag jul", "Epiphany")),
        (5, 1) => Some(("Första maj", "May Day")),
        (6, 6) => Some(("Sveriges nationaldag", "National Day")),
        (12, 24) => Some(("Julafton", "Christmas Eve")),
        (12, 25) => Some(("Juldagen", "Christmas Day")),
        (12, 26) => Some(("Annandag jul", "Boxing Day")),
        (12, 31) => Some(("Nyårsafton", "New Year's Eve")),
        _ => None,
    };
    let names = fixed.or_else(|| by_weekday(day)).or_else(|| by_easter(day))?;
    Some(LocalizedText::new(names.0, names.1))
}

/// Midsummer's Eve and All Saints' Day move with the weekday.
fn by_weekday(day: Date) -> Option<(&'static str, &'static str)> {
    match (day.weekday(), day.month(), day.day()) {
        (Weekday::Friday, 6, 19..=25) => Some(("Midsommarafton", "Midsummer's Eve")),
        (Weekday::Saturday, 6, 20..=26) => Some(("Midsommardagen", "Midsummer's Day")),
        (Weekday::Saturday, 10, 31) | (Weekday::Saturday, 11, 1..=6) => Some(("Alla helgons dag", "All Saints' Day")),
        _ => None,
    }
}

fn by_easter(day: Date) -> Option<(&'static str, &'static str)> {
    let easter = easter(day.year())?;
    let after = (day - easter).get_days();
    match after {
        -2 => Some(("Långfredagen", "Good Friday")),
        0 => Some(("Påskdagen", "Easter Sunday")),
        1 => Some(("Annandag påsk", "Easter Monday")),
        39 => Some(("Kristi himmelsfärdsdag", "Ascension Day")),
        49 => Some(("Pingstdagen", "Whit Sunday")),
        _ => None,
    }
}

/// Easter Sunday by the Gregorian rule (Meeus, Jones and Butcher).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let month = i8::try_from(sum / 31).ok()?;
    let day = i8::try_from(sum % 31 + 1).ok()?;
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_days_of_a_year_are_those_of_the_calendar() {
        let year: Vec<(i8, i8)> = (0..365)
            .map(|days| date(2026, 1, 1).saturating_add(jiff::Span::new().days(days)))
            .filter(|day| closed_day(*day).is_some())
            .map(|day| (day.month(), day.day()))
            .collect();
        let expected = [
            (1, 1),
            (1, 6),
            (4, 3),
            (4, 5),
            (4, 6),
            (5, 1),
            (5, 14),
            (5, 24),
            (6, 6),
            (6, 19),
            (6, 20),
            (10, 31),
            (12, 24),
            (12, 25),
            (12, 26),
            (12, 31),
        ];
        assert_eq!(year, expected);
        assert_eq!(easter(2027), Some(date(2027, 3, 28)));
        assert_eq!(easter(2038), Some(date(2038, 4, 25)));
    }
}
