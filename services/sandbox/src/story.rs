//! The story of one case, from which each agency tells what its form has room for.

use jiff::{SignedDuration, Timestamp};

use crate::template::Template;

/// One case as it unfolds.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// The agency's own reference.
    pub(crate) reference: String,
    /// What it is about.
    pub(crate) template: &'static Template,
    /// What happens when; oldest first. What lies in the future has not happened yet.
    pub(crate) stages: Vec<Stage>,
    /// When the agency expects to be done.
    pub(crate) expected_at: Option<Timestamp>,
    /// When the law says it must be done.
    pub(crate) legal_deadline_at: Option<Timestamp>,
}

/// One thing that happens in a case.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) kind: StageKind,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StageKind {
    /// The agency got it.
    Received,
    /// Somebody works on it.
    InProgress,
    /// Something is missing that the person must send before the given time.
    NeedsPerson { due: Timestamp },
    /// Somebody else must say something.
    NeedsOther,
    /// It is decided, for or against the person; it can be appealed until the given time.
    Decided { granted: bool, appeal_by: Timestamp },
    /// It is over.
    Closed,
}

impl Story {
    /// What has happened by `now`, oldest first.
    pub(crate) fn so_far(&self, now: Timestamp) -> Vec<&Stage> {
        self.stages.iter().filter(|stage| stage.at <= now).collect()
    }
}

/// How stories of a kind go: what happens how many days from the world's first day.
pub(crate) type Plot = &'static [(i64, Beat)];

/// A stage of a plot, with its times in days from the stage itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beat {
    Received,
    InProgress,
    NeedsPerson { days_left: i64 },
    NeedsOther,
    Granted,
    Rejected,
    Closed,
}

/// How long one can appeal, in days.
const APPEAL_DAYS: i64 = 21;

impl Beat {
    pub(crate) fn stage(self, first_day: Timestamp, day: i64) -> Stage {
        let at = days_after(first_day, day);
        let appeal_by = days_after(at, APPEAL_DAYS);
        let kind = match self {
            Self::Received => StageKind::Received,
            Self::InProgress => StageKind::InProgress,
            Self::NeedsPerson { days_left } => StageKind::NeedsPerson {
                due: days_after(at, days_left),
            },
            Self::NeedsOther => StageKind::NeedsOther,
            Self::Granted => StageKind::Decided {
                granted: true,
                appeal_by,
            },
            Self::Rejected => StageKind::Decided {
                granted: false,
                appeal_by,
            },
            Self::Closed => StageKind::Closed,
        };
        Stage { at, kind }
    }
}

/// `time` and some days of 24 hours more or fewer, kept within what a timestamp can hold.
pub(crate) fn days_after(time: Timestamp, days: i64) -> Timestamp {
    let hours = SignedDuration::from_hours(days.saturating_mul(24));
    time.saturating_add(hours).unwrap_or(time)
}
