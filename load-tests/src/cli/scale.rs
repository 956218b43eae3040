//! `load-tests scale`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use load_tests::scale::{self, Costs, Demand, Failure};

use super::write;

/// What is asked, what it costs, what fails.
#[derive(Args)]
pub(crate) struct ScaleOptions {
    /// Take the costs of a call from the figures that `ladder --json FILE` wrote; flags below come before them
    #[arg(long)]
    ladder: Option<PathBuf>,
    #[command(flatten)]
    demand: DemandOptions,
    #[command(flatten)]
    costs: CostOptions,
    /// Simulate that this fails; default: the weakest part
    #[arg(long)]
    fail: Option<Fail>,
    /// The simulation's chance; the same seed tells the same story
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the figures to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct DemandOptions {
    /// Who lives there
    #[arg(long)]
    people: Option<u64>,
    /// Agencies, municipalities and regions
    #[arg(long)]
    organisations: Option<u64>,
    /// Calls a second in the busiest second
    #[arg(long)]
    peak: Option<f64>,
    /// Peak divided by the mean of a whole day
    #[arg(long)]
    peak_to_mean: Option<f64>,
    /// Data centres
    #[arg(long)]
    centres: Option<u64>,
    /// Cores of a node
    #[arg(long)]
    cores: Option<u64>,
    /// Share of anything that may be in use at the peak, 0.05 to 0.95
    #[arg(long)]
    busy: Option<f64>,
    /// Share of the calls that carry a person's token, 0 to 1
    #[arg(long)]
    person_share: Option<f64>,
    /// Calls that a person's token is used for
    #[arg(long)]
    calls_a_token: Option<f64>,
    /// Applications that call at the peak
    #[arg(long)]
    applications: Option<u64>,
    /// Bytes of a call with its head
    #[arg(long)]
    request_bytes: Option<f64>,
    /// Bytes of an answer with its head
    #[arg(long)]
    answer_bytes: Option<f64>,
    /// Rows a second that the database writes at most
    #[arg(long)]
    database_rows: Option<f64>,
}

#[derive(Args)]
struct CostOptions {
    /// CPU microseconds of a call's whole job (the ladder's `full`)
    #[arg(long)]
    call_micros: Option<f64>,
    /// CPU microseconds that TLS and HTTP/2 add (the ladder's `tls` less its `bare`)
    #[arg(long)]
    tls_micros: Option<f64>,
    /// CPU microseconds of the Redis for an exchange
    #[arg(long)]
    redis_micros: Option<f64>,
    /// Microseconds until a row of who read is written, seen from a node
    #[arg(long)]
    row_micros: Option<f64>,
}

/// What may fail.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fail {
    /// The PostgreSQL
    Database,
    /// The Redis of shared limits
    Redis,
    /// A data centre
    Centre,
}

impl ScaleOptions {
    /// Computes and simulates.
    pub(crate) fn run(self) -> Result<()> {
        let mut costs = Costs::default();
        if let Some(ladder) = &self.ladder {
            costs = costs.with_ladder(ladder)?;
        }
        let fail = self.fail.map(|fail| match fail {
            Fail::Database => Failure::Database,
            Fail::Redis => Failure::Redis,
            Fail::Centre => Failure::Centre,
        });
        let outcome = scale::run(
            &self.demand.over(Demand::default()),
            &self.costs.over(costs),
            fail,
            self.seed,
        )?;
        println!("{}", outcome.text());
        write(self.json.as_deref(), &outcome.json()?)
    }
}

impl DemandOptions {
    fn over(self, otherwise: Demand) -> Demand {
        Demand {
            people: self.people.unwrap_or(otherwise.people),
            organisations: self.organisations.unwrap_or(otherwise.organisations),
            peak: self.peak.unwrap_or(otherwise.peak),
            peak_to_mean: self.peak_to_mean.unwrap_or(otherwise.peak_to_mean),
            centres: self.centres.unwrap_or(otherwise.centres),
            cores: self.cores.unwrap_or(otherwise.cores),
            busy: self.busy.unwrap_or(otherwise.busy),
            person_share: self.person_share.unwrap_or(otherwise.person_share),
            calls_a_token: self.calls_a_token.unwrap_or(otherwise.calls_a_token),
            applications: self.applications.unwrap_or(otherwise.applications),
            request_bytes: self.request_bytes.unwrap_or(otherwise.request_bytes),
            answer_bytes: self.answer_bytes.unwrap_or(otherwise.answer_bytes),
            database_rows: self.database_rows.unwrap_or(otherwise.database_rows),
        }
    }
}

impl CostOptions {
    fn over(self, otherwise: Costs) -> Costs {
        Costs {
            call: self.call_micros.unwrap_or(otherwise.call),
            tls: self.tls_micros.unwrap_or(otherwise.tls),
            redis_exchange: self.redis_micros.unwrap_or(otherwise.redis_exchange),
            row_round_trip: self.row_micros.unwrap_or(otherwise.row_round_trip),
        }
    }
}
