//! The arithmetic: from calls a second to nodes, exchanges, rows and bits.

use std::fmt::Write;

use serde::Serialize;

use super::{Costs, Demand};

/// A node holds calls of each counter in advance for this long, in seconds (`limits`, HORIZON): no counter asks the store more
/// often from one node, and one that is seldom used asks for each call.
const LEASE_SECONDS: f64 = 0.05;
/// Counts of usage are written each so many seconds, a row for each application and API that was called meanwhile.
const USAGE_SECONDS: f64 = 2.0;
/// Rows that a person's token takes: itself, and the consent's note of it.
const ROWS_A_TOKEN: f64 = 2.0;
/// An application's token lasts so many seconds.
const TOKEN_SECONDS: f64 = 300.0;
/// Each node reads the revocations so often a second.
const REVOCATION_READS: f64 = 5.0;
/// Bytes of a row that says who read, with its indexes.
const ROW_BYTES: f64 = 400.0;

/// Something that can be too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// The nodes' processors.
    Processors,
    /// Each node's writer of who read about a person.
    Writers,
    /// The Redis of shared limits.
    Redis,
    /// The PostgreSQL.
    Database,
}

/// How much of one node of a part the peak takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pressure {
    /// Which.
    pub part: Part,
    /// How many of it carry the peak when none is more in use than it may be.
    pub needed: f64,
}

/// What the demand needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Needs {
    /// Nodes in each data centre, one of them to spare.
    pub nodes_a_centre: u64,
    /// What decides: each part's need, the greatest first.
    pub pressures: Vec<Pressure>,
    /// Exchanges with the Redis a second, at the peak, for counters of applications.
    pub leases: f64,
    /// The same for counters of people, where each call is one exchange.
    pub person_exchanges: f64,
    /// Redis servers that share the counters.
    pub redis_shards: u64,
    /// Rows a second that say who read about a person.
    pub readings: f64,
    /// Rows a second of tokens.
    pub token_rows: f64,
    /// Rows a second of usage.
    pub usage_rows: f64,
    /// Queries a second for revocations.
    pub revocation_reads: f64,
    /// Gigabytes a day of rows that say who read.
    pub readings_gigabytes: f64,
    /// Gigabits a second through each data centre when it carries all, both sides of the gateways added.
    pub gigabits: f64,
    /// Connections that each agency sees at most, when every worker of every node keeps one.
    pub connections_an_agency: u64,
}

impl Needs {
    /// Computes them.
    pub(super) fn of(demand: &Demand, costs: &Costs) -> Self {
        let whole = |count: f64| count.ceil().max(1.0) as u64;
        let usable = demand.busy * 1e6;
        let by_processor = demand.peak * (costs.call + costs.tls) / (usable * demand.cores as f64);
        // One writer a node.
        let by_writer = demand.person_calls() * costs.row_round_trip / usable;
        let nodes_a_centre = whole(by_processor.max(by_writer)) + 1;
        let nodes = (nodes_a_centre * demand.centres) as f64;
        let leases = |nodes: f64| -> f64 {
            let of_one = |calls: f64| nodes * (calls / nodes).min(1.0 / LEASE_SECONDS);
            demand.application_calls().map(of_one).sum()
        };
        let (leases, person_exchanges) = (leases(nodes), demand.person_calls());
        let by_redis = (leases + person_exchanges) * costs.redis_exchange / usable;
        let readings = demand.person_calls();
        let token_rows = readings / demand.calls_a_token * ROWS_A_TOKEN + demand.applications as f64 / TOKEN_SECONDS;
        // In two seconds an application calls at most as many APIs as it makes calls; beyond its first one it is a guess of four.
        let pairs = |calls: f64| (calls / nodes * USAGE_SECONDS).min(4.0);
        let usage_rows: f64 = demand
            .application_calls()
            .map(|calls| nodes * pairs(calls) / USAGE_SECONDS)
            .sum();
        let rows = readings + token_rows + usage_rows;
        let by_database = rows / (demand.database_rows * demand.busy);
        let mut pressures = vec![
            Pressure {
                part: Part::Processors,
                needed: by_processor,
            },
            Pressure {
                part: Part::Writers,
                needed: by_writer,
            },
            Pressure {
                part: Part::Redis,
                needed: by_redis,
            },
            Pressure {
                part: Part::Database,
                needed: by_database,
            },
        ];
        pressures.sort_by(|one, other| other.strain().total_cmp(&one.strain()));
        Self {
            nodes_a_centre,
            pressures,
            leases,
            person_exchanges,
            redis_shards: whole(by_redis),
            readings,
            token_rows,
            usage_rows,
            revocation_reads: nodes * REVOCATION_READS,
            readings_gigabytes: readings / demand.peak_to_mean * 86_400.0 * ROW_BYTES / 1e9,
            gigabits: demand.peak * (demand.request_bytes + demand.answer_bytes) * 2.0 * 8.0 / 1e9,
            connections_an_agency: nodes_a_centre * demand.centres * demand.cores,
        }
    }

    /// The part that is strained most.
    pub fn weakest(&self) -> Pressure {
        // There are four, always.
        self.pressures.first().copied().unwrap_or(Pressure {
            part: Part::Database,
            needed: 0.0,
        })
    }

    /// In lines.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "\nnodes      {} in each data centre, one to spare\n\
             redis      {:.0} exchanges/s: {:.0} leases of applications, {:.0} for people; {} server(s), each with a replica\n\
             database   {:.0} rows/s: {:.0} who read, {:.0} tokens, {:.0} usage; {:.0} queries/s for revocations; {:.0} GB a day of who read\n\
             network    {:.1} Gbit/s through a data centre that carries all; at most {} connections to each agency\n\nparts, the most strained first:\n",
            self.nodes_a_centre,
            self.leases + self.person_exchanges,
            self.leases,
            self.person_exchanges,
            self.redis_shards,
            self.readings + self.token_rows + self.usage_rows,
            self.readings,
            self.token_rows,
            self.usage_rows,
            self.revocation_reads,
            self.readings_gigabytes,
            self.gigabits,
            self.connections_an_agency
        );
        for pressure in &self.pressures {
            let _ = writeln!(text, "{:>8.2} x  {}", pressure.needed, pressure.part.text());
        }
        let _ = writeln!(text, "weakest    {}", self.weakest().part.text());
        text
    }
}

impl Pressure {
    /// What to compare: a database is one, while everything else is as many as one sets up. One that is short of being
    /// enough outweighs any number of the others.
    fn strain(&self) -> f64 {
        match self.part {
            Part::Database if self.needed > 1.0 => f64::INFINITY,
            Part::Processors | Part::Writers | Part::Redis | Part::Database => self.needed,
        }
    }
}

impl Part {
    fn text(self) -> &'static str {
        match self {
            Self::Processors => "the nodes' processors",
            Self::Writers => "the nodes' writers of who read about a person: one writer a node",
            Self::Redis => "the Redis of shared limits: a counter of a person is asked for at each call",
            Self::Database => "the PostgreSQL that all nodes write to: there is one",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(change: impl Fn(&mut Demand, &mut Costs)) -> Needs {
        let (mut demand, mut costs) = (Demand::default(), Costs::round());
        change(&mut demand, &mut costs);
        Needs::of(&demand, &costs)
    }

    #[test]
    fn nodes_follow_from_the_part_that_needs_the_most() {
        // 50,000 x 20 us = 1 core of 4.8 that may be used of 8; 25,000 rows x 500 us / 0.6 = 20.8 writers.
        let found = needs(|_, _| {});
        assert_eq!(found.nodes_a_centre, 22);
        // Without people only the processors count: one node and one to spare.
        assert_eq!(needs(|demand, _| demand.person_share = 0.0).nodes_a_centre, 2);
        assert_eq!(needs(|demand, _| demand.peak *= 2.0).nodes_a_centre, 43);
    }

    #[test]
    fn nobody_asks_the_store_more_often_than_there_are_calls_or_leases() {
        let found = needs(|_, _| {});
        assert!(found.leases < 50_000.0, "{}", found.leases);
        assert_eq!(found.person_exchanges, 25_000.0);
        // One application: each node of 44 holds calls for 50 ms, so it asks 20 times a second.
        let one = needs(|demand, _| demand.applications = 1);
        assert!((one.leases - 20.0 * 44.0).abs() < 1e-6, "{}", one.leases);
    }

    #[test]
    fn a_database_that_is_too_small_is_the_weakest_whatever_the_others_need() {
        assert_eq!(needs(|_, _| {}).weakest().part, Part::Database);
        let large = |demand: &mut Demand, _: &mut Costs| demand.database_rows = 200_000.0;
        assert_eq!(needs(large).weakest().part, Part::Writers);
        let quick = |demand: &mut Demand, costs: &mut Costs| {
            demand.database_rows = 1e6;
            costs.row_round_trip = 2.0;
            costs.call = 1_000.0;
        };
        assert_eq!(needs(quick).weakest().part, Part::Processors);
    }
}
