//! Which of a backend's addresses gets the next call: a pure choice.
//!
//! Few addresses are all compared, of many two are drawn by their shares. Among those that cost less than twice the best,
//! chance decides by share: what differs little is alike, so that equal addresses get equal calls, and what is slow, busy
//! or failing gets none.

/// Up to so many are all compared.
pub(crate) const FEW: usize = 8;

/// One address that may be chosen.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Candidate {
    pub(crate) index: usize,
    /// What a call would cost there.
    pub(crate) cost: f32,
    /// Its share.
    pub(crate) share: f32,
}

/// The one to take. `chance` is from 0 to below 1.
pub(crate) fn choose(candidates: &[Candidate], chance: f32) -> Option<usize> {
    let least = candidates.iter().map(|one| one.cost).fold(f32::INFINITY, f32::min);
    draw(candidates.iter().filter(|one| one.cost < least * 2.0), chance)
}

/// Draws by share.
pub(crate) fn draw<'a>(candidates: impl Iterator<Item = &'a Candidate> + Clone, chance: f32) -> Option<usize> {
    let whole: f32 = candidates.clone().map(|one| one.share).sum();
    let mut left = whole * chance;
    let mut last = None;
    for one in candidates {
        last = Some(one.index);
        left -= one.share;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// A number from 0 to below 1, good enough to choose by.
pub(crate) fn chance() -> f32 {
    use std::cell::Cell;
    use std::hash::BuildHasher;
    thread_local! {
        static STATE: Cell<u64> = Cell::new(std::hash::RandomState::new().hash_one(0_u8) | 1);
    }
    STATE.with(|state| {
        // xorshift64 (Marsaglia).
        let mut word = state.get();
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        state.set(word);
        (word >> 40) as f32 / (1_u64 << 24) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(costs_and_shares: &[(f32, f32)]) -> Vec<usize> {
        let candidates: Vec<Candidate> = costs_and_shares
            .iter()
            .enumerate()
            .map(|(index, (cost, share))| Candidate {
                index,
                cost: *cost,
                share: *share,
            })
            .collect();
        let mut counts = vec![0; candidates.len()];
        for step in 0..1000 {
            counts[choose(&candidates, step as f32 / 1000.0).unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn equals_share_alike_by_weight_and_the_dear_get_nothing() {
        assert_eq!(counted(&[(1.0, 1.0), (1.5, 1.0)]), [500, 500]);
        assert_eq!(counted(&[(1.0, 3.0), (1.0, 1.0)]), [750, 250]);
        assert_eq!(counted(&[(1.0, 1.0), (2.0, 9.0)]), [1000, 0]);
        assert_eq!(choose(&[], 0.5), None);
    }

    #[test]
    fn chance_is_spread() {
        let low = (0..10_000).filter(|_| chance() < 0.5).count();
        assert!((4_500..5_500).contains(&low), "{low}");
    }
}
