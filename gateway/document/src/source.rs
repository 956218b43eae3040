//! One document: its text, its tree, and where in the text a thing stands.

use crate::problems::{Problem, ProblemKind, Problems};
use crate::table::Table;
use crate::tree::Entries;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::DeTable;

/// Largest document in bytes: a registry of some ten thousand objects; more than that is a mistaken file name.
pub const LARGEST_DOCUMENT: u64 = 8 * 1024 * 1024;

/// A place in a document, both parts from 1; a column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// One TOML document.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    directory: PathBuf,
    text: Arc<str>,
    /// Byte position of each line's first character.
    line_starts: Vec<usize>,
    tree: Entries,
    syntax: Vec<(Place, String)>,
}

impl Source {
    /// Reads the file at `path`; problems name it as it is written here, and paths inside it are relative to its folder.
    ///
    /// # Errors
    /// The file cannot be read, is larger than [`LARGEST_DOCUMENT`] or is not UTF-8. A syntax error is reported by
    /// [`Source::table`].
    pub fn load(path: &Path) -> Result<Source, Problem> {
        let name: Arc<str> = path.display().to_string().into();
        let whole = |message: String| problem(&name, None, message);
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST_DOCUMENT + 1).read_to_end(&mut bytes))
            .map_err(|error| whole(format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > LARGEST_DOCUMENT {
            return Err(whole(format!("is larger than {} MiB", LARGEST_DOCUMENT / 1024 / 1024)));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error
                .as_bytes()
                .get(..error.utf8_error().valid_up_to())
                .unwrap_or_default();
            let before = String::from_utf8_lossy(valid);
            let place = place_in(&before, &line_starts(&before), before.len());
            problem(
                &name,
                Some(place),
                "is not UTF-8 from here on; save the file as UTF-8".to_owned(),
            )
        })?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Source::read(name, directory, &text))
    }

    /// A document from memory; paths inside it are relative to the working directory.
    pub fn from_text(name: &str, text: &str) -> Source {
        Source::read(name.into(), PathBuf::new(), text)
    }

    fn read(name: Arc<str>, directory: PathBuf, text: &str) -> Source {
        // Editors that write a byte order mark show no sign of it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (tree, errors) = DeTable::parse_recoverable(text);
        let line_starts = line_starts(text);
        let syntax = errors
            .iter()
            .map(|error| {
                let span = error.span().unwrap_or(text.len()..text.len());
                (
                    place_in(text, &line_starts, span.start),
                    explain(error.message(), text.get(span)),
                )
            })
            .collect();
        let tree = Entries::from_parsed(tree.into_inner());
        Source {
            name,
            directory,
            text: text.into(),
            line_starts,
            tree,
            syntax,
        }
    }

    /// The whole document. Syntax errors are reported here, all of them; reading goes on with what could be recovered.
    pub fn table<'a>(&'a self, problems: &'a Problems) -> Table<'a> {
        for (place, message) in &self.syntax {
            problems.add(problem(&self.name, Some(*place), message.clone()));
        }
        Table::root(self, problems)
    }

    /// The whole document as JSON, for readers whose objects are written for it; dates and times become text.
    pub fn json(&self) -> serde_json::Value {
        self.tree.json()
    }

    /// What is wrong with the syntax.
    pub fn syntax_problems(&self) -> Problems {
        let problems = Problems::new();
        for (place, message) in &self.syntax {
            problems.add(problem(&self.name, Some(*place), message.clone()));
        }
        problems
    }

    /// The name that problems show.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The folder that paths in the document are relative to.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the syntax was faultless.
    pub fn is_whole(&self) -> bool {
        self.syntax.is_empty()
    }

    /// The document's tree.
    pub(crate) fn tree(&self) -> &Entries {
        &self.tree
    }

    /// Whether a syntax error stands on this line.
    pub(crate) fn is_broken_at(&self, line: usize) -> bool {
        self.syntax.iter().any(|(place, _)| place.line == line)
    }

    /// Where a span begins.
    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        place_in(&self.text, &self.line_starts, span.start)
    }
}

fn problem(document: &Arc<str>, place: Option<Place>, message: String) -> Problem {
    Problem {
        document: document.clone(),
        place,
        path: String::new(),
        message,
        kind: ProblemKind::Syntax,
    }
}

/// The parser's message, with the key that it means.
fn explain(message: &str, at: Option<&str>) -> String {
    match at {
        Some(key) if message == "duplicate key" => format!("the key `{key}` is given twice"),
        _ => message.to_owned(),
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let after_breaks = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'\n')
        .map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_breaks).collect()
}

fn place_in(text: &str, line_starts: &[usize], at: usize) -> Place {
    let line = line_starts.partition_point(|start| *start <= at).max(1);
    let start = line_starts.get(line - 1).copied().unwrap_or(0);
    let before = text.get(start..at.min(text.len())).unwrap_or_default();
    Place {
        line,
        column: before.chars().count() + 1,
    }
}
