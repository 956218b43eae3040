//! Usage: what each application's calls to each API came to, by the hour (UTC). Nodes add to it every few seconds.

use super::{Error, Scope, Store};
use crate::model::Moment;
use database::query;
use model::Page;
use std::collections::HashMap;

const HOUR_SECONDS: i64 = 3_600;
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
    /// From this moment's hour on.
    pub from: Option<Moment>,
    /// Before this moment.
    pub to: Option<Moment>,
    /// Whole days (UTC) rather than hours.
    pub by_day: bool,
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
    /// Adds to the hour of `now`. What is of no registered application and API, such as calls to the gateway's own, is left out.
    ///
    /// # Errors
    /// See [`Error`]. Nothing was added then.
    pub async fn add_usage(&self, usage: &[Usage], now: Moment) -> Result<(), Error> {
        if usage.is_empty() {
            return Ok(());
        }
        let hour = now.seconds().div_euclid(HOUR_SECONDS);
        let columns = NUMBERS.join(", ");
        let values = vec!["CAST(? AS BIGINT)"; NUMBERS.len()].join(", ");
        let sums: Vec<String> = NUMBERS
            .iter()
            .map(|name| format!("{name} = registry_usage.{name} + excluded.{name}"))
            .collect();
        let insert = format!(
            "INSERT INTO registry_usage (hour, application, api, application_organisation, api_organisation, {columns}) \
             SELECT CAST(? AS BIGINT), a.id, p.id, a.organisation, p.organisation, {values} \
             FROM registry_object a, registry_object p \
             WHERE a.kind = 'application' AND a.id = ? AND p.kind = 'api' AND p.id = ? \
             ON CONFLICT (hour, api, application) DO UPDATE SET {}",
            sums.join(", ")
        );
        let mut transaction = self.database().await?.begin().await?;
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
            let statement = query(insert.clone()).bind(hour).bind_all(numbers);
            transaction
                .execute(statement.bind(&one.application).bind(&one.api))
                .await?;
        }
        transaction.commit().await?;
        Ok(())
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
        let hour = |moment: Moment| moment.seconds().div_euclid(HOUR_SECONDS);
        if let Some(from) = wanted.from {
            conditions.push("hour >= ?");
            texts.push(hour(from).into());
        }
        if let Some(to) = wanted.to {
            conditions.push("hour < ?");
            texts.push((to.seconds() + HOUR_SECONDS - 1).div_euclid(HOUR_SECONDS).into());
        }
        let hours = if wanted.by_day { 24 } else { 1 };
        let groups = format!("hour / {hours}, api, application, application_organisation, api_organisation");
        let of = format!(
            "FROM registry_usage WHERE {} GROUP BY {groups}",
            conditions.join(" AND ")
        );
        let count = query(format!("SELECT COUNT(*) AS n FROM (SELECT api {of}) AS periods")).bind_all(texts.clone());
        let count = self.database().await?.fetch_one(count).await?;
        let total = u64::try_from(count.get::<i64>("n")?).unwrap_or(0);
        if page.offset() >= total {
            return Ok((Vec::new(), total));
        }
        let sums: Vec<String> = NUMBERS
            .iter()
            .map(|name| format!("CAST(SUM({name}) AS BIGINT) AS {name}"))
            .collect();
        let select = query(format!(
            "SELECT MIN(hour / {hours}) AS period, api, application, application_organisation, api_organisation, {} {of} \
             ORDER BY period DESC, api, application LIMIT ? OFFSET ?",
            sums.join(", ")
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
                start: Moment::from_seconds(row.get::<i64>("period")? * hours * HOUR_SECONDS),
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

    /// When each application last called the API, to the hour.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn last_calls(&self, api: &str) -> Result<HashMap<String, Moment>, Error> {
        let select =
            query("SELECT application, MAX(hour) AS hour FROM registry_usage WHERE api = ? GROUP BY application");
        let rows = self.database().await?.fetch_all(select.bind(api)).await?;
        rows.iter()
            .map(|row| {
                let hour: i64 = row.get("hour")?;
                Ok((row.get("application")?, Moment::from_seconds(hour * HOUR_SECONDS)))
            })
            .collect()
    }
}
