//! How a cost grows with a size, from a few measured points.

use serde::Serialize;

/// Two ways to say it, each by least squares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fit {
    /// `e` in `cost = c * size^e`: 0 is constant, 1 is linear.
    pub(super) exponent: f64,
    /// `b` in `cost = a + b * log2(size)`, as a share of the cost at the smallest size.
    pub(super) per_doubling: f64,
}

impl Fit {
    /// Of `(size, cost)`, ordered by size. Sizes and costs that are not positive have no logarithm and are left out; with less
    /// than two others there is no fit.
    pub(super) fn of(points: &[(f64, f64)]) -> Option<Self> {
        let usable = || points.iter().filter(|(size, cost)| *size > 0.0 && *cost > 0.0);
        let smallest = usable().next()?.1;
        Some(Self {
            exponent: slope(&usable().map(|(size, cost)| (size.ln(), cost.ln())).collect::<Vec<_>>())?,
            per_doubling: slope(&usable().map(|(size, cost)| (size.log2(), *cost)).collect::<Vec<_>>())? / smallest,
        })
    }
}

/// Of the line with the least sum of squared distances.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    (points.len() > 1 && spread > 0.0).then(|| together / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [f64; 5] = [1.0, 4.0, 16.0, 64.0, 256.0];

    fn fit(cost: impl Fn(f64) -> f64) -> Fit {
        Fit::of(&SIZES.map(|size| (size, cost(size)))).unwrap()
    }

    #[test]
    fn powers_and_logarithms_are_found() {
        for exponent in [0.0, 0.5, 1.0, 2.0] {
            assert!((fit(|size| 7.0 * size.powf(exponent)).exponent - exponent).abs() < 1e-9);
        }
        assert!((fit(|size| 10.0 + size.log2()).per_doubling - 0.1).abs() < 1e-9);
        assert_eq!(fit(|_| 3.0).per_doubling, 0.0);
    }

    #[test]
    fn nothing_is_made_of_one_point_or_of_one_size() {
        assert_eq!(Fit::of(&[(10.0, 3.0)]), None);
        assert_eq!(Fit::of(&[(10.0, 3.0), (10.0, 4.0)]), None);
        assert_eq!(Fit::of(&[(0.0, 3.0), (10.0, 4.0)]), None);
    }
}
