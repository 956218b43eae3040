//! Finds the place of a key path such as `apis[0].limits[1]`, for rules that look at what was read and not at the text.

use crate::problems::{Problem, ProblemKind};
use crate::source::{Place, Source};
use crate::tree::{Entries, Value};
use std::ops::Range;

impl Source {
    /// Where `path` stands: its value, or the nearest thing around it that is written down.
    pub fn locate(&self, path: &str) -> Option<Place> {
        let mut found: Option<Range<usize>> = None;
        let mut here = Here::Table(self.tree());
        for step in steps(path) {
            let Some((span, next)) = here.go(&step) else { break };
            found = Some(span);
            here = next;
        }
        found.map(|span| self.place(&span))
    }

    /// Whether the document holds a value at `path`.
    pub fn holds(&self, path: &str) -> bool {
        let mut here = Here::Table(self.tree());
        steps(path).iter().all(|step| match here.go(step) {
            Some((_, next)) => {
                here = next;
                true
            }
            None => false,
        })
    }

    /// A broken rule about the value at `path`.
    pub fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem {
            document: self.name().clone(),
            place: self.locate(path),
            path: path.to_owned(),
            message: message.into(),
            kind: ProblemKind::Rule,
        }
    }
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Key(&'a str),
    Place(usize),
}

/// Where a walk has come to.
#[derive(Clone, Copy)]
enum Here<'a> {
    Table(&'a Entries),
    Value(&'a Value),
}

impl<'a> Here<'a> {
    /// Goes one step down; a key's place is where the key is written.
    fn go(self, step: &Step<'_>) -> Option<(Range<usize>, Here<'a>)> {
        let table = match self {
            Here::Table(table) => Some(table),
            Here::Value(value) => value.as_table(),
        };
        match (step, self) {
            (Step::Key(key), _) => {
                let (key, node) = table?.get(key)?;
                Some((key.span.clone(), Here::Value(&node.value)))
            }
            (Step::Place(position), Here::Value(value)) => {
                let node = value.as_array()?.get(*position)?;
                Some((node.span.clone(), Here::Value(&node.value)))
            }
            (Step::Place(_), Here::Table(_)) => None,
        }
    }
}

/// `apis[0].limits[1]` as `apis`, 0, `limits`, 1.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().map(Step::Key));
        steps.extend(
            pieces
                .filter_map(|piece| piece.trim_end_matches(']').parse().ok())
                .map(Step::Place),
        );
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::{Step, steps};
    use crate::{Place, Source};

    #[test]
    fn a_path_is_taken_apart() {
        let expected = [Step::Key("apis"), Step::Place(0), Step::Key("limits"), Step::Place(12)];
        assert_eq!(steps("apis[0].limits[12]"), expected);
        assert!(steps("").is_empty());
    }

    #[test]
    fn the_nearest_thing_written_is_found() {
        let text =
            "[[apis]]\nid = \"a\"\nlimits = [\n  \"x\",\n  \"y\",\n]\n[[apis]]\nid = \"b\"\n[apis.cors]\nany = 1\n";
        let source = Source::from_text("f", text);
        let at = |path| source.locate(path).map(|Place { line, column }| (line, column));
        assert_eq!(at("apis[0].limits[1]"), Some((5, 3)));
        assert_eq!(at("apis[0].limits"), Some((3, 1)));
        assert_eq!(at("apis[0].limits[7]"), Some((3, 1)));
        assert_eq!(at("apis[0].nothing"), Some((1, 1)));
        assert_eq!(at("apis[1].id"), Some((8, 1)));
        assert_eq!(at("apis[1].cors.any"), Some((10, 1)));
        assert_eq!(at("nothing"), None);
        assert!(source.holds("apis[1].cors.any") && !source.holds("apis[0].cors"));
    }
}
