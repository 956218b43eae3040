//! The file that a ranking is kept in.
//!
//! `VVR1`, the fingerprint (8 bytes), the unit (4), the number of needs (2); for each need the length of its id (1), the id, and
//! what is said for it before anything is read (4); for each place its strength (1), the number of its weights (2) and these: need
//! (2) and weight (1). Numbers are little-endian.

use super::{DENSE, Ranking};
use crate::engine::linear::PLACES;

const MAGIC: &[u8] = b"VVR1";

/// A file that is no ranking, or that was cut off.
#[derive(Debug, thiserror::Error)]
#[error("the learned ranking cannot be read at byte {at}: make it anew with `contact-routing learn`")]
pub(in crate::engine) struct Unreadable {
    at: usize,
}

/// What is left of a file.
struct Rest<'b> {
    bytes: &'b [u8],
    whole: usize,
}

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], Unreadable> {
        let at = self.whole - self.bytes.len();
        let (part, rest) = self.bytes.split_at_checked(length).ok_or(Unreadable { at })?;
        self.bytes = rest;
        Ok(part)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Unreadable> {
        let at = self.whole - self.bytes.len();
        self.take(LENGTH)?.try_into().map_err(|_| Unreadable { at })
    }
}

impl Ranking {
    pub(super) fn of(
        fingerprint: u64,
        needs: Vec<(String, f32)>,
        unit: f32,
        strengths: Vec<u8>,
        rows: Vec<Vec<(u16, i8)>>,
    ) -> Self {
        let (mut starts, mut weights) = (vec![0], Vec::new());
        for row in rows {
            weights.extend(row);
            starts.push(u32::try_from(weights.len()).unwrap_or(u32::MAX));
        }
        Self {
            fingerprint,
            needs,
            unit,
            strengths,
            starts,
            weights,
            ..Self::default()
        }
        .with_rows()
    }

    /// Lays out the places that have weights for many needs.
    fn with_rows(mut self) -> Self {
        let (count, mut last) = (self.needs.len(), 0);
        self.rows = vec![0; self.strengths.len()];
        for (place, at) in (0..).zip(0..self.rows.len()) {
            let row = self.at(place);
            let Some(next) = u16::checked_add(last, 1).filter(|_| row.len() * DENSE > count) else {
                continue;
            };
            let mut dense = vec![0; count];
            for (need, weight) in row {
                if let Some(of_need) = dense.get_mut(usize::from(*need)) {
                    *of_need = *weight;
                }
            }
            self.dense.extend(dense);
            last = next;
            if let Some(row) = self.rows.get_mut(at) {
                *row = next;
            }
        }
        self
    }

    /// Reads a file.
    pub(in crate::engine) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rest = Rest {
            bytes,
            whole: bytes.len(),
        };
        if rest.take(MAGIC.len())? != MAGIC {
            return Err(Unreadable { at: 0 });
        }
        let fingerprint = u64::from_le_bytes(rest.array()?);
        let unit = f32::from_le_bytes(rest.array()?);
        let count = u16::from_le_bytes(rest.array()?);
        let mut needs = Vec::with_capacity(count.into());
        for _ in 0..count {
            let [length] = rest.array()?;
            let at = rest.whole - rest.bytes.len();
            let id = std::str::from_utf8(rest.take(length.into())?).map_err(|_| Unreadable { at })?;
            needs.push((id.to_owned(), f32::from_le_bytes(rest.array()?)));
        }
        let mut strengths = Vec::with_capacity(PLACES);
        let (mut starts, mut weights) = (Vec::with_capacity(PLACES + 1), Vec::with_capacity(rest.bytes.len() / 3));
        starts.push(0);
        for _ in 0..PLACES {
            let [strength, low, high] = rest.array()?;
            strengths.push(strength);
            let row = rest.take(usize::from(u16::from_le_bytes([low, high])) * 3)?;
            let (row, _) = row.as_chunks::<3>();
            let read =
                |[low, high, weight]: &[u8; 3]| (u16::from_le_bytes([*low, *high]), i8::from_le_bytes([*weight]));
            weights.extend(row.iter().map(read));
            starts.push(u32::try_from(weights.len()).unwrap_or(u32::MAX));
        }
        Ok(Self {
            fingerprint,
            needs,
            unit,
            strengths,
            starts,
            weights,
            ..Self::default()
        }
        .with_rows())
    }

    /// The file of it.
    pub(in crate::engine) fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.fingerprint.to_le_bytes());
        bytes.extend(self.unit.to_le_bytes());
        bytes.extend(u16::try_from(self.needs.len()).unwrap_or(u16::MAX).to_le_bytes());
        for (id, before) in &self.needs {
            bytes.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
            bytes.extend(id.as_bytes());
            bytes.extend(before.to_le_bytes());
        }
        for (place, strength) in (0..).zip(&self.strengths) {
            let row = self.at(place);
            bytes.push(*strength);
            bytes.extend(u16::try_from(row.len()).unwrap_or(u16::MAX).to_le_bytes());
            for (need, weight) in row {
                bytes.extend(need.to_le_bytes());
                bytes.extend(weight.to_le_bytes());
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Ranking {
        let mut rows = vec![Vec::new(); PLACES];
        if let Some(row) = rows.get_mut(7) {
            row.extend([(0, 3), (1, -128)]);
        }
        let needs = vec![("a".to_owned(), -1.0), ("lång-å".to_owned(), -0.5)];
        Ranking::of(42, needs, 0.25, vec![16; PLACES], rows)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let ranking = small();
        assert_eq!(Ranking::read(&ranking.bytes()).unwrap(), ranking);
        assert_eq!(ranking.at(7), [(0, 3), (1, -128)]);
        assert!(ranking.at(8).is_empty());
        assert_eq!((ranking.row(7), ranking.row(8)), (Some(&[3, -128][..]), None));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_an_error() {
        let bytes = small().bytes();
        for length in (0..40).chain([bytes.len() - 1]) {
            assert!(Ranking::read(&bytes[..length]).is_err(), "{length}");
        }
        assert!(Ranking::read(b"GIF89a and more").is_err());
    }
}
