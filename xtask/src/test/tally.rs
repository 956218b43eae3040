//! Counts what the test harness prints: suites, passed, failed, and the names of those that failed.

use std::fmt::Write;
use std::time::Duration;

/// What a run's output said so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Test binaries and documentation suites that ran to their end.
    pub(crate) suites: usize,
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed.
    pub(crate) failed: usize,
    /// Tests that were not run because they are marked so.
    pub(crate) ignored: usize,
    /// Names of the failed ones, in the order seen.
    pub(crate) failures: Vec<String>,
}

impl Tally {
    /// Takes one line of output into account.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.suites += 1;
            self.passed += count(result, " passed");
            self.failed += count(result, " failed");
            self.ignored += count(result, " ignored");
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
    }

    /// The closing lines: each failed test, then the totals.
    pub(crate) fn summary(&self, taken: Duration) -> String {
        let mut text = String::from("\n");
        for name in &self.failures {
            let _ = writeln!(text, "FAILED  {name}");
        }
        let _ = writeln!(text, "{} suites in {:.0} s", self.suites, taken.as_secs_f64());
        text
    }
}

/// The number that stands right before `word`, or 0.
fn count(result: &str, word: &str) -> usize {
    let Some(end) = result.find(word) else { return 0 };
    let digits = result[..end]
        .rsplit(|character: char| !character.is_ascii_digit())
        .next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_suites_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test schedule::tests::holds_the_rate ... ok",
            "test forward::a_cut_body_is_not_passed_on ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: ok. 11 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.00s",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.suites, tally.passed, tally.failed, tally.ignored), (2, 13, 1, 1));
        assert_eq!(tally.failures, ["forward::a_cut_body_is_not_passed_on"]);
        assert!(
            tally
                .summary(Duration::from_secs(2))
                .contains("FAILED  forward::a_cut_body_is_not_passed_on")
        );
    }

    #[test]
    fn what_a_test_prints_itself_counts_for_nothing() {
        let mut tally = Tally::default();
        tally.read("the log said: test result: ok. 5 passed");
        tally.read("test of a line that ends otherwise");
        assert_eq!(tally, Tally::default());
    }
}
