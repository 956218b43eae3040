//! File descriptors: as many as the system lets the node have, and never all of them for callers.
//!
//! A node that callers can take the last descriptor from reaches no backend, no database and no operations page any more. So
//! their connections are capped below what there is, however many the configuration would allow.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for listeners, runtimes, databases, logs and whoever looks at the operations listener.
const OWN: usize = 64;

/// Raises the soft limit to the hard one, and gives it.
pub fn raise() -> usize {
    let given = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: given.maximum,
        maximum: given.maximum,
    };
    // A limit that stays as it was is not an error: it is asked for below.
    let _ = setrlimit(Resource::Nofile, raised);
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Connections that callers may have open: what is configured, or what leaves a connection to a backend for each of them,
/// with both its ends, as those to the node's own services have them here.
pub fn for_callers(configured: usize, limit: usize) -> usize {
    let most = limit.saturating_sub(OWN) / 3;
    if configured > most {
        tracing::warn!(
            configured,
            most,
            limit,
            "gateway.max_connections is more than the limit of open files allows: callers get fewer connections (see ulimit -n)"
        );
    }
    configured.min(most).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_never_get_all_descriptors() {
        for (configured, limit, most) in [
            (50_000, 1_048_576, 50_000),
            (50_000, 1_024, 320),
            (100, 1_024, 100),
            (50_000, 64, 1),
            (50_000, usize::MAX, 50_000),
        ] {
            assert_eq!(for_callers(configured, limit), most, "{configured} of {limit}");
        }
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let limit = raise();
        let hard = getrlimit(Resource::Nofile).maximum;
        assert_eq!(hard.map_or(usize::MAX, |hard| usize::try_from(hard).unwrap()), limit);
    }
}
