//! The axes: what grows, how far, and how much the cost may grow with it.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde::Serialize;

use super::fit::Fit;
use crate::origin::BODY_LENGTH;
use crate::rungs::{BARE, Credential, Limit, Rung, TOKEN};

/// Share of the smallest size's cost that each doubling may add. A look-up that walks through all there is goes far beyond
/// it over three tenfolds; memory that no longer fits the processor's caches stays below.
const LOGARITHMIC: f64 = 0.15;
/// A body's bytes are all carried: linear, and no more than measuring adds to it.
const LINEAR: f64 = 1.1;
/// Bodies from this length on are carried by few connections, so that a turn ends.
const LONG_BODY: u64 = 1 << 20;
/// Connections that carry the load.
const CONNECTIONS: usize = 64;

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Axis {
    /// Routes of the API that is called.
    Routes,
    /// Applications with a key, used in turn.
    Applications,
    /// Agreements, with a party each.
    Agreements,
    /// Idle connections beside 64 that carry the load.
    Connections,
    /// Bytes of an answer's body.
    Answers,
    /// Bytes of a request's body.
    Requests,
    /// Nodes that share an exact limit in one Redis.
    Nodes,
}

/// The sizes of an axis, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes(Vec<u64>);

/// What one size of an axis asks of the gateway.
pub(super) struct Work {
    pub(super) rung: Rung,
    pub(super) nodes: usize,
    pub(super) connections: usize,
    /// Bytes of each answer.
    pub(super) answer: u64,
    pub(super) payload: Option<Bytes>,
}

impl Work {
    /// The path that is called.
    pub(super) fn path(&self) -> String {
        if self.answer == BODY_LENGTH as u64 {
            self.rung.path()
        } else {
            format!("{}?bytes={}", self.rung.path(), self.answer)
        }
    }
}

impl Axis {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Routes,
        Self::Applications,
        Self::Agreements,
        Self::Connections,
        Self::Answers,
        Self::Requests,
        Self::Nodes,
    ];

    /// What is asked, for people.
    pub(super) fn asks(self) -> &'static str {
        match self {
            Self::Routes => "find the last of so many routes",
            Self::Applications => "check the keys of so many applications",
            Self::Agreements => "find the caller's one among so many agreements",
            Self::Connections => "pass requests on while so many more connections are open",
            Self::Answers => "pass on answers of so many bytes",
            Self::Requests => "pass on requests of so many bytes",
            Self::Nodes => "verify a token and share an exact limit among so many nodes",
        }
    }

    /// Sizes that a short run uses, and those of the whole range.
    pub fn sizes(self, whole: bool) -> Sizes {
        let (short, more): (&[u64], &[u64]) = match self {
            Self::Routes => (&[10, 1_000, 50_000], &[10, 100, 1_000, 10_000, 50_000]),
            Self::Applications => (&[10, 1_000, 20_000], &[10, 1_000, 10_000, 100_000, 1_000_000]),
            Self::Agreements => (&[10, 1_000, 5_000], &[10, 100, 1_000, 10_000, 50_000]),
            Self::Connections => (&[10, 300, 4_000], &[10, 100, 1_000, 9_900]),
            Self::Answers | Self::Requests => (
                &[0, 1_024, 65_536, 1 << 20, 16 << 20],
                &[0, 1_024, 16_384, 262_144, 1 << 20, 16 << 20, 100 << 20],
            ),
            Self::Nodes => (&[1, 2, 4], &[1, 2, 4, 8]),
        };
        Sizes(if whole { more } else { short }.to_vec())
    }

    /// Whether it can be counted under valgrind: one node, one connection, no long body.
    pub(super) fn is_countable(self) -> bool {
        matches!(self, Self::Routes | Self::Applications | Self::Agreements)
    }

    /// What `size` asks of the gateway.
    pub(super) fn work(self, size: u64) -> Result<Work> {
        let count = usize::try_from(size).context("a size beyond this machine")?;
        let mut work = Work {
            rung: BARE,
            nodes: 1,
            connections: CONNECTIONS,
            answer: BODY_LENGTH as u64,
            payload: None,
        };
        match self {
            Self::Routes => work.rung.routes = count,
            Self::Applications => work.rung.credential = Credential::Key(count),
            Self::Agreements => {
                work.rung.credential = Credential::Key(count);
                work.rung.agreements = count;
            }
            Self::Connections => work.rung.idle = count,
            Self::Answers => work.answer = size,
            Self::Requests => work.payload = Some(Bytes::from(vec![b'a'; count])),
            Self::Nodes => {
                work.rung = Rung {
                    limit: Limit::Shared,
                    ..TOKEN
                };
                work.nodes = count;
            }
        }
        if matches!(self, Self::Answers | Self::Requests) {
            work.rung.large = true;
            if size >= LONG_BODY {
                work.connections = 2;
            }
        }
        Ok(work)
    }

    /// What of a fit is bounded.
    pub(super) fn measure(self, fit: &Fit) -> f64 {
        match self {
            Self::Answers | Self::Requests => fit.exponent,
            _ => fit.per_doubling,
        }
    }

    /// Its name.
    pub(super) fn measure_name(self) -> &'static str {
        match self {
            Self::Answers | Self::Requests => "exponent",
            _ => "share that each doubling adds",
        }
    }

    /// The most it may be.
    pub(super) fn bound(self) -> f64 {
        match self {
            Self::Answers | Self::Requests => LINEAR,
            _ => LOGARITHMIC,
        }
    }

    /// The largest size that this machine's bounds allow.
    fn most(self) -> u64 {
        match self {
            Self::Routes | Self::Agreements => 50_000,
            Self::Applications => 1_000_000,
            // The generator and the gateway need a descriptor each.
            Self::Connections => 9_900,
            Self::Answers | Self::Requests => 100 << 20,
            Self::Nodes => 8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Routes => "routes",
            Self::Applications => "applications",
            Self::Agreements => "agreements",
            Self::Connections => "connections",
            Self::Answers => "answers",
            Self::Requests => "requests",
            Self::Nodes => "nodes",
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|axis| axis.name() == text)
            .ok_or_else(|| format!("there is no axis `{text}`; there are {}", known()))
    }
}

impl Sizes {
    /// The sizes in `list`, checked against what `axis` allows.
    ///
    /// # Errors
    /// An empty list, sizes that do not ascend, or one out of bounds.
    pub fn new(axis: Axis, list: Vec<u64>) -> Result<Self> {
        let least = u64::from(!matches!(axis, Axis::Answers | Axis::Requests));
        ensure!(
            list.iter().all(|size| (least..=axis.most()).contains(size)) && !list.is_empty(),
            "sizes of {axis} are {least} to {}",
            axis.most()
        );
        ensure!(
            list.is_sorted_by(|one, other| one < other),
            "sizes of {axis} must ascend"
        );
        Ok(Self(list))
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_that_come_with_an_axis_are_within_its_bounds() {
        for axis in Axis::ALL {
            assert_eq!(axis.to_string().parse(), Ok(axis));
            for whole in [false, true] {
                let sizes = axis.sizes(whole);
                assert_eq!(Sizes::new(axis, sizes.0.clone()).unwrap(), sizes);
            }
        }
        assert!("people".parse::<Axis>().unwrap_err().contains("applications"));
    }

    #[test]
    fn sizes_out_of_bounds_or_out_of_order_are_refused() {
        for list in [vec![], vec![0], vec![50_001], vec![10, 10], vec![100, 10]] {
            assert!(Sizes::new(Axis::Routes, list).is_err());
        }
    }

    #[test]
    fn a_size_becomes_what_is_asked() {
        assert_eq!(Axis::Routes.work(7).unwrap().path(), "/load/v1/items-7");
        assert_eq!(Axis::Answers.work(0).unwrap().path(), "/load/v1/items-1?bytes=0");
        assert_eq!(Axis::Requests.work(3).unwrap().payload.unwrap().len(), 3);
        assert_eq!(Axis::Nodes.work(4).unwrap().nodes, 4);
    }
}
