//! The sense for danger, learned beforehand, and the file that it is kept in.
//!
//! `VVE1`, the fingerprint of what it was learned from (8 bytes), the number of judges (2): whether there is danger at all, and
//! for each emergency whether it is that one; for each judge the number of its weights (4) and these: place (4) and weight (4).
//! Numbers are little-endian.

use super::Judge;
use crate::engine::linear::Terms;

const MAGIC: &[u8] = b"VVE1";
/// So many terms are kept of whether there is danger at all, and of which one it is: the others say next to nothing.
const KEPT: usize = 60_000;
const KEPT_OF_KINDS: usize = 6_000;

/// A file that is no sense for danger, or that was cut off.
#[derive(Debug, thiserror::Error)]
#[error("the learned sense for emergencies cannot be read: make it anew with `contact-routing learn`")]
pub(in crate::engine) struct Unreadable;

/// What was learned.
#[derive(Default)]
pub(in crate::engine) struct Sense {
    fingerprint: u64,
    danger: Judge,
    /// By emergency.
    kinds: Vec<Judge>,
}

impl Sense {
    /// Learns from examples, each with the number of its emergency, from 1 on, or 0 for none.
    pub(super) fn learn(fingerprint: u64, count: usize, examples: &[(usize, Terms)]) -> Self {
        let kind_of = |at: usize| examples.get(at).map_or(0, |(kind, _)| *kind);
        let all: Vec<&Terms> = examples.iter().map(|(_, terms)| terms).collect();
        let (told, dangers): (Vec<usize>, Vec<&Terms>) = examples
            .iter()
            .filter(|(kind, _)| *kind != 0)
            .map(|(kind, terms)| (*kind, terms))
            .unzip();
        Self {
            fingerprint,
            danger: Judge::learn(&all, |at| kind_of(at) != 0),
            kinds: (1..=count)
                .map(|kind| Judge::learn(&dangers, |at| told.get(at) == Some(&kind)))
                .collect(),
        }
    }

    /// Of what it was learned.
    pub(in crate::engine) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Above 0 a message tells of danger.
    pub(super) fn danger(&self, terms: &Terms) -> f32 {
        self.danger.of(terms)
    }

    /// By emergency: above 0 it is that one.
    pub(super) fn kinds(&self, terms: &Terms) -> impl Iterator<Item = f32> {
        self.kinds.iter().map(|kind| kind.of(terms))
    }

    /// Reads a file.
    pub(in crate::engine) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Unreadable)?;
        let (fingerprint, rest) = rest.split_first_chunk::<8>().ok_or(Unreadable)?;
        let (count, mut rest) = rest.split_first_chunk::<2>().ok_or(Unreadable)?;
        let mut judges = Vec::new();
        for _ in 0..u16::from_le_bytes(*count) {
            let (length, after) = rest.split_first_chunk::<4>().ok_or(Unreadable)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Unreadable)?;
            let length = length.checked_mul(8).ok_or(Unreadable)?;
            let (weights, after) = after.split_at_checked(length).ok_or(Unreadable)?;
            let (weights, _) = weights.as_chunks::<8>();
            judges.push(Judge::of_weights(weights.iter().map(|[a, b, c, d, e, f, g, h]| {
                (
                    u32::from_le_bytes([*a, *b, *c, *d]),
                    f32::from_le_bytes([*e, *f, *g, *h]),
                )
            })));
            rest = after;
        }
        let mut judges = judges.into_iter();
        Ok(Self {
            fingerprint: u64::from_le_bytes(*fingerprint),
            danger: judges.next().ok_or(Unreadable)?,
            kinds: judges.collect(),
        })
    }

    /// The file of it.
    pub(in crate::engine) fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.fingerprint.to_le_bytes());
        let count = u16::try_from(self.kinds.len() + 1).unwrap_or(u16::MAX);
        bytes.extend(count.to_le_bytes());
        let kinds = self.kinds.iter().map(|kind| kind.strongest(KEPT_OF_KINDS));
        for mut weights in std::iter::once(self.danger.strongest(KEPT)).chain(kinds) {
            weights.sort_unstable_by_key(|(place, _)| *place);
            bytes.extend(u32::try_from(weights.len()).unwrap_or(u32::MAX).to_le_bytes());
            for (place, weight) in weights {
                bytes.extend(place.to_le_bytes());
                bytes.extend(weight.to_le_bytes());
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_was_learned_and_a_part_of_it_nothing() {
        let example = |kind: usize, place: u32| (kind, vec![(place, 1.0), (9, 1.0)]);
        let examples = [example(0, 1), example(1, 2), example(2, 3), example(0, 4)];
        let sense = Sense::learn(7, 2, &examples);
        let (bytes, danger) = (sense.bytes(), vec![(2, 1.0), (9, 1.0)]);
        let read = Sense::read(&bytes).unwrap();
        assert_eq!(read.fingerprint(), 7);
        assert_eq!(read.danger(&danger), sense.danger(&danger));
        assert!(read.danger(&danger) > 0.0 && read.danger(&vec![(1, 1.0), (9, 1.0)]) < 0.0);
        assert_eq!(
            read.kinds(&danger).collect::<Vec<_>>(),
            sense.kinds(&danger).collect::<Vec<_>>()
        );
        for length in 0..bytes.len() {
            assert!(Sense::read(bytes.get(..length).unwrap()).is_err(), "{length}");
        }
    }
}
