//! Usage: what each application's calls to each API came to, by the hour and by the day (UTC). Nodes add to both every few
//! seconds, and forget what is older than it is to be kept: hours sooner than days.

use super::{Error, Scope, Store};
use crate::model::Moment;
use database::query;
use model::Page;
use std::collections::HashMap;
use std::time::Duration;

const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// Upper bounds of the latency classes that are kept, in milliseconds; each has a column.
pub const BOUNDS_MS: [u32; 6] = [10, 50, 100, 500, 1_000, 5_000];

/// Calls of one application to one API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// The application.
    pub application: String,
    /// The API.
    pub api: String,
    /// All calls.
    pub calls: u64,
    /// Answered 4xx, without the next.
    pub client_errors: u64,
    /// Answered 429.
    pub limited: u64,
    /// Answered 5xx.
    pub server_errors: u64,
    /// Time of all calls together.
    pub microseconds: u64,
    /// Calls up to each of [`BOUNDS_MS`] and beyond the one before.
    pub within: [u64; BOUNDS_MS.len()],
}

/// Usage in an hour or a day.
#[derive(Debug, Clone)]
pub struct Period {
    /// When it begins.
    pub start: Moment,
    /// Whose application it is.
    pub application_organisation: String,
    /// Whose API it is.
    pub api_organisation: String,
    /// The numbers.
    pub usage: Usage,
}

/// Which periods.
#[derive(Debug, Clone, Default)]
pub struct WantedUsage {
    /// Of this API.
    pub api: Option<String>,
    /// Of this application.
    pub application: Option<String>,
    /// From this moment's hour, or day, on.
    pub from: Option<Moment>,
    /// Before this moment.
    pub to: Option<Moment>,
    /// Whole days (UTC) rather than hours.
    pub by_day: bool,
}

/// How long usage is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// By the hour.
    pub hours: Duration,
    /// By the day.
    pub days: Duration,
}

impl Default for Retention {
    /// Three months, and three years.
    fn default() -> Self {
        let days = |count: u64| Duration::from_secs(count * 86_400);
        Self {
            hours: days(92),
            days: days(3 * 366),
        }
    }
}

/// One of the tables: its name, its first column, and the seconds that the column counts in.
#[derive(Clone, Copy)]
struct Kept {
    table: &'static str,
    column: &'static str,
    seconds: i64,
}

const BY_HOUR: Kept = Kept {
    table: "registry_usage",
    column: "hour",
    seconds: HOUR_SECONDS,
};
const BY_DAY: Kept = Kept {
    table: "registry_usage_day",
    column: "day",
    seconds: DAY_SECONDS,
};

impl Kept {
    /// The period in which the moment is.
    fn period(self, moment: Moment) -> i64 {
        moment.seconds().div_euclid(self.seconds)
    }

    /// Adds one pair's numbers to a period.
    fn insert(self) -> String {
        let Self { table, column, .. } = self;
        let columns = NUMBERS.join(", ");
        let values = vec!["CAST(? AS BIGINT)"; NUMBERS.len()].join(", ");
        let sums: Vec<String> = NUMBERS
            .iter()
            .map(|name| format!("{name} = {table}.{name} + excluded.{name}"))
            .collect();
        format!(
            "INSERT INTO {table} ({column}, application, api, application_organisation, api_organisation, {columns}) \
             SELECT CAST(? AS BIGINT), a.id, p.id, a.organisation, p.organisation, {values} \
             FROM registry_object a, registry_object p \
             WHERE a.kind = 'application' AND a.id = ? AND p.kind = 'api' AND p.id = ? \
             ON CONFLICT ({column}, api, application) DO UPDATE SET {}",
            sums.join(", ")
        )
    }
}

impl Usage {
    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.client_errors += other.client_errors;
        self.limited += other.limited;
        self.server_errors += other.server_errors;
        self.microseconds = self.microseconds.saturating_add(other.microseconds);
        for (own, other) in self.within.iter_mut().zip(other.within) {
            *own += other;
        }
    }
}

const NUMBERS: [&str; 11] = [
    "calls",
    "client_errors",
    "limited",
    "server_errors",
    "microseconds",
    "within_10",
    "within_50",
    "within_100",
    "within_500",
    "within_1000",
    "within_5000",
];

impl Store {
    /// Adds to the hour and the day of `now`. What is of no registered application and API, such as calls to the gateway's own, is left out.
    ///
    /// # Errors
    /// See [`Error`]. Nothing was added then.
    pub async fn add_usage(&self, usage: &[Usage], now: Moment) -> Result<(), Error> {
        if usage.is_empty() {
            return Ok(());
        }
        let mut transaction = self.database().await?.begin().await?;
        for kept in [BY_HOUR, BY_DAY] {
            let (insert, period) = (kept.insert(), kept.period(now));
            for one in usage {
                let numbers = [
                    one.calls,
                    one.client_errors,
                    one.limited,
                    one.server_errors,
                    one.microseconds,
                ];
                let numbers = numbers.into_iter().chain(one.within);
                let numbers = numbers.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
                let statement = query(insert.clone()).bind(period).bind_all(numbers);
                transaction
                    .execute(statement.bind(&one.application).bind(&one.api))
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets what is older than it is to be kept.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn forget_usage(&self, retention: Retention, now: Moment) -> Result<u64, Error> {
        let mut forgotten = 0;
        for (kept, time) in [(BY_HOUR, retention.hours), (BY_DAY, retention.days)] {
            let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            let first = now.seconds().saturating_sub(seconds).div_euclid(kept.seconds);
            let delete = query(format!("DELETE FROM {} WHERE {} < ?", kept.table, kept.column));
            forgotten += self.database().await?.execute(delete.bind(first)).await?;
        }
        Ok(forgotten)
    }

    /// A page of usage, the newest first, of the organisation's own applications and APIs; and how many periods there are.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn usage(&self, scope: &Scope, wanted: &WantedUsage, page: Page) -> Result<(Vec<Period>, u64), Error> {
        let mut conditions = vec!["1 = 1"];
        let mut texts: Vec<database::Value> = Vec::new();
        if let Scope::Organisation(organisation) = scope {
            conditions.push("(application_organisation = ? OR api_organisation = ?)");
            texts.extend([organisation.into(), organisation.into()]);
        }
        for (condition, value) in [("api = ?", &wanted.api), ("application = ?", &wanted.application)] {
            if let Some(value) = value {
                conditions.push(condition);
                texts.push(value.into());
            }
        }
        let kept = if wanted.by_day { BY_DAY } else { BY_HOUR };
        let Kept { table, column, seconds } = kept;
        let (since, before) = (format!("{column} >= ?"), format!("{column} < ?"));
        if let Some(from) = wanted.from {
            conditions.push(&since);
            texts.push(kept.period(from).into());
        }
        if let Some(to) = wanted.to {
            conditions.push(&before);
            // A part of a period is told with the whole of it.
            texts.push((to.seconds() + seconds - 1).div_euclid(seconds).into());
        }
        let of = format!("FROM {table} WHERE {}", conditions.join(" AND "));
        let count = query(format!("SELECT COUNT(*) AS n {of}")).bind_all(texts.clone());
        let count = self.database().await?.fetch_one(count).await?;
        let total = u64::try_from(count.get::<i64>("n")?).unwrap_or(0);
        if page.offset() >= total {
            return Ok((Vec::new(), total));
        }
        let select = query(format!(
            "SELECT {column} AS period, api, application, application_organisation, api_organisation, {} {of} \
             ORDER BY period DESC, api, application LIMIT ? OFFSET ?",
            NUMBERS.join(", ")
        ));
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let select = select
            .bind_all(texts)
            .bind(signed(page.limit))
            .bind(signed(page.offset()));
        let rows = self.database().await?.fetch_all(select).await?;
        let periods = rows.iter().map(|row| {
            let number = |name: &str| Ok::<_, database::Error>(u64::try_from(row.get::<i64>(name)?).unwrap_or(0));
            let mut within = [0; BOUNDS_MS.len()];
            for (calls, bound) in within.iter_mut().zip(BOUNDS_MS) {
                *calls = number(&format!("within_{bound}"))?;
            }
            Ok(Period {
                start: Moment::from_seconds(row.get::<i64>("period")? * seconds),
                application_organisation: row.get("application_organisation")?,
                api_organisation: row.get("api_organisation")?,
                usage: Usage {
                    application: row.get("application")?,
                    api: row.get("api")?,
                    calls: number("calls")?,
                    client_errors: number("client_errors")?,
                    limited: number("limited")?,
                    server_errors: number("server_errors")?,
                    microseconds: number("microseconds")?,
                    within,
                },
            })
        });
        Ok((periods.collect::<Result<_, Error>>()?, total))
    }

    /// When each application last called the API, to the hour while hours are kept, else to the day.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn last_calls(&self, api: &str) -> Result<HashMap<String, Moment>, Error> {
        // Hours are forgotten sooner than days.
        let select = query(
            "SELECT application, MAX(at) AS at FROM ( \
             SELECT application, hour * 3600 AS at FROM registry_usage WHERE api = ? UNION ALL \
             SELECT application, day * 86400 AS at FROM registry_usage_day WHERE api = ?) AS periods GROUP BY application",
        );
        let rows = self.database().await?.fetch_all(select.bind(api).bind(api)).await?;
        rows.iter()
            .map(|row| {
                let at: i64 = row.get("at")?;
                Ok((row.get("application")?, Moment::from_seconds(at)))
            })
            .collect()
    }
}
