//! Which ordinary requests are kept: a share, decided by the trace id, so that every node decides the same.

/// Fifty-six random bits decide, as in OpenTelemetry's consistent probability sampling.
const RANDOM_BITS: u32 = 56;

/// The share as a threshold. Copied freely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// A trace whose last 56 bits are at least this is kept; `1 << 56` keeps none.
    threshold: u64,
    trust_caller: bool,
}

impl Sampler {
    /// `share` from 0.0 (none) to 1.0 (all), clamped; `trust_caller` lets a caller's valid `sampled` flag decide instead.
    pub fn new(share: f64, trust_caller: bool) -> Self {
        let space = (1_u64 << RANDOM_BITS) as f64;
        // Rounded up, so that a share of zero reaches the end of the space and keeps nothing at all.
        let threshold = ((1.0 - share.clamp(0.0, 1.0)) * space).ceil() as u64;
        Self {
            threshold,
            trust_caller,
        }
    }

    /// `caller` is the flag of a valid `traceparent`, if there was one.
    pub fn decide(&self, trace_id: &[u8; 16], caller: Option<bool>) -> bool {
        match caller {
            Some(sampled) if self.trust_caller => sampled,
            _ => randomness(trace_id) >= self.threshold,
        }
    }
}

/// The last 56 bits of the trace id (W3C Trace Context level 2, random-trace-id).
fn randomness(trace_id: &[u8; 16]) -> u64 {
    (u128::from_be_bytes(*trace_id) as u64) & ((1 << RANDOM_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_trace_id;

    fn kept(share: f64) -> usize {
        let sampler = Sampler::new(share, false);
        (0..20_000)
            .filter(|_| sampler.decide(&new_trace_id(), Some(true)))
            .count()
    }

    #[test]
    fn the_share_is_kept_whatever_the_caller_asks() {
        assert_eq!(kept(0.0), 0);
        assert_eq!(kept(1.0), 20_000);
        assert!((4_600..5_400).contains(&kept(0.25)), "about a quarter");
    }

    #[test]
    fn the_same_trace_is_decided_the_same_everywhere() {
        for _ in 0..100 {
            let id = new_trace_id();
            assert_eq!(
                Sampler::new(0.5, false).decide(&id, None),
                Sampler::new(0.5, false).decide(&id, Some(false))
            );
        }
    }

    #[test]
    fn extreme_ids_follow_the_share() {
        assert!(!Sampler::new(0.0, false).decide(&[0xff; 16], None));
        assert!(Sampler::new(1.0, false).decide(&[0; 16], None));
    }

    #[test]
    fn a_trusted_caller_decides() {
        let sampler = Sampler::new(0.0, true);
        assert!(sampler.decide(&[1; 16], Some(true)));
        assert!(!sampler.decide(&[1; 16], Some(false)));
        assert!(
            !sampler.decide(&[1; 16], None),
            "without a valid traceparent the share decides"
        );
    }
}
