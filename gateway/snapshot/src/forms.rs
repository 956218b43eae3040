//! Path templates by their form: which segments are text and which are parameters. An API has few forms (`/text`,
//! `/text/{}`, `/text/{}/text`) and may have many templates of each; a path is tried against each form of its length with
//! one hash look-up over the segments that are text. So the work does not grow with the number of templates, and few lines
//! of memory are touched: trees of bytes and of segments were measured first and took three to four times as many.

use crate::template::{MOST_SEGMENTS, Segment};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::cmp::Reverse;
use std::hash::{BuildHasher, Hasher};

/// The templates of any number of APIs.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    /// The forms of each API, the most exact first.
    groups: Vec<Vec<Form>>,
    templates: HashTable<Template>,
    /// The templates' own segments, one after another.
    texts: String,
    hasher: DefaultHashBuilder,
    next_form: u32,
}

/// One form.
#[derive(Debug)]
struct Form {
    id: u32,
    parts: Box<[Part]>,
    /// The last part takes all that is left.
    wildcard: bool,
}

/// One segment of a form. The order is the order of exactness: text, then the parameter with the most text around it, then
/// any parameter, then the wildcard. Compared from the first segment on, it puts the most exact form first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Literal,
    /// Length of all text, of the prefix; prefix, suffix.
    Affixed(Reverse<usize>, Reverse<usize>, Box<str>, Box<str>),
    Parameter,
    Wildcard,
}

/// One template: its form, and its own segments joined by `/`.
#[derive(Debug)]
struct Template {
    form: u32,
    begin: u32,
    end: u32,
    entry: u32,
}

/// More templates or texts than can be counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Forms {
    /// A group for one more API.
    pub(crate) fn add_group(&mut self) -> Result<u32, Full> {
        let group = u32::try_from(self.groups.len()).map_err(|_| Full)?;
        self.groups.push(Vec::new());
        Ok(group)
    }

    /// The entry of this template in `group`; `free` becomes its entry when there is none.
    pub(crate) fn entry(&mut self, group: u32, segments: &[Segment<'_>], free: u32) -> Result<u32, Full> {
        let form = self.form(group, segments)?;
        let literals = || segments.iter().filter_map(Segment::literal);
        let hash = self.hash(form, literals());
        if let Some(known) = self
            .templates
            .find(hash, |known| known.is(form, literals(), &self.texts))
        {
            return Ok(known.entry);
        }
        let begin = u32::try_from(self.texts.len()).map_err(|_| Full)?;
        for literal in literals() {
            self.texts.push_str(literal);
            self.texts.push('/');
        }
        let end = u32::try_from(self.texts.len()).map_err(|_| Full)?;
        let (texts, hasher) = (&self.texts, &self.hasher);
        let rehash = |known: &Template| hash_of(hasher, known.form, known.literals(texts));
        self.templates.insert_unique(
            hash,
            Template {
                form,
                begin,
                end,
                entry: free,
            },
            rehash,
        );
        Ok(free)
    }

    /// The entry that `path`, which begins with `/`, leads to in `group`.
    pub(crate) fn find(&self, group: u32, path: &str) -> Option<u32> {
        let path = Path::new(path)?;
        self.groups.get(group as usize)?.iter().find_map(|form| {
            let literals = || path.literals(form);
            if !path.fits(form) {
                return None;
            }
            let hash = self.hash(form.id, literals());
            self.templates
                .find(hash, |known| known.is(form.id, literals(), &self.texts))
                .map(|known| known.entry)
        })
    }

    /// The id of the form of these segments.
    fn form(&mut self, group: u32, segments: &[Segment<'_>]) -> Result<u32, Full> {
        let parts: Box<[Part]> = segments.iter().map(Part::of).collect();
        let group = self.groups.get_mut(group as usize).ok_or(Full)?;
        match group.binary_search_by(|known| known.parts.cmp(&parts)) {
            Ok(found) => group.get(found).map(|form| form.id).ok_or(Full),
            Err(place) => {
                let id = self.next_form;
                self.next_form = id.checked_add(1).ok_or(Full)?;
                let wildcard = parts.last() == Some(&Part::Wildcard);
                group.insert(place, Form { id, parts, wildcard });
                Ok(id)
            }
        }
    }

    fn hash<'a>(&self, form: u32, literals: impl Iterator<Item = &'a str>) -> u64 {
        hash_of(&self.hasher, form, literals)
    }
}

fn hash_of<'a>(hasher: &DefaultHashBuilder, form: u32, literals: impl Iterator<Item = &'a str>) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u32(form);
    for literal in literals {
        state.write(literal.as_bytes());
        state.write_u8(b'/');
    }
    state.finish()
}

impl Template {
    fn text<'a>(&self, texts: &'a str) -> &'a str {
        texts.get(self.begin as usize..self.end as usize).unwrap_or_default()
    }

    fn literals<'a>(&self, texts: &'a str) -> impl Iterator<Item = &'a str> {
        self.text(texts).split_terminator('/')
    }

    fn is<'a>(&self, form: u32, literals: impl Iterator<Item = &'a str>, texts: &str) -> bool {
        if self.form != form {
            return false;
        }
        let mut rest = Some(self.text(texts));
        for literal in literals {
            rest = rest.and_then(|rest| rest.strip_prefix(literal)?.strip_prefix('/'));
        }
        rest == Some("")
    }
}

impl Part {
    fn of(segment: &Segment<'_>) -> Part {
        match *segment {
            Segment::Literal(_) => Part::Literal,
            Segment::Parameter => Part::Parameter,
            Segment::Wildcard => Part::Wildcard,
            Segment::Affixed { prefix, suffix } => {
                let length = prefix.len() + suffix.len();
                Part::Affixed(
                    Reverse(length),
                    Reverse(prefix.len()),
                    Box::from(prefix),
                    Box::from(suffix),
                )
            }
        }
    }

    /// Whether the part can stand for `segment`, whatever the texts of its form are. A parameter is never empty.
    fn admits(&self, segment: &str) -> bool {
        match self {
            Part::Literal | Part::Wildcard => true,
            Part::Parameter => !segment.is_empty(),
            Part::Affixed(_, _, prefix, suffix) => {
                let inner = segment
                    .strip_prefix(&**prefix)
                    .and_then(|rest| rest.strip_suffix(&**suffix));
                inner.is_some_and(|value| !value.is_empty())
            }
        }
    }
}

/// A path taken apart, without a heap allocation.
struct Path<'a> {
    /// The first segments; one more than a template can have is enough to tell that there are more.
    segments: [&'a str; MOST_SEGMENTS + 1],
    count: usize,
}

impl<'a> Path<'a> {
    fn new(path: &'a str) -> Option<Self> {
        let mut segments = [""; MOST_SEGMENTS + 1];
        let texts = path.strip_prefix('/')?.split('/');
        let mut count = 0;
        for (slot, text) in segments.iter_mut().zip(texts) {
            *slot = text;
            count += 1;
        }
        Some(Path { segments, count })
    }

    fn segments(&self) -> &[&'a str] {
        self.segments.get(..self.count).unwrap_or_default()
    }

    /// Whether the path has the form's length, and its parameters have values.
    fn fits(&self, form: &Form) -> bool {
        let length = form.parts.len();
        let long_enough = match form.wildcard {
            // A wildcard takes at least one character; an empty segment with more behind it is a `/`.
            true => {
                self.count > length || self.count == length && self.segments().last().is_some_and(|it| !it.is_empty())
            }
            false => self.count == length,
        };
        long_enough
            && form
                .parts
                .iter()
                .zip(self.segments())
                .all(|(part, segment)| part.admits(segment))
    }

    /// The segments that are text in `form`.
    fn literals(&self, form: &Form) -> impl Iterator<Item = &'a str> {
        let pairs = form.parts.iter().zip(self.segments());
        pairs
            .filter(|(part, _)| **part == Part::Literal)
            .map(|(_, segment)| *segment)
    }
}

#[cfg(test)]
mod tests {
    use super::Forms;
    use crate::template::segments;

    /// The forms of one API with these templates; a template's entry is its position.
    fn forms(templates: &[&str]) -> (Forms, u32) {
        let mut forms = Forms::default();
        let group = forms.add_group().unwrap();
        for (number, template) in templates.iter().enumerate() {
            let number = u32::try_from(number).unwrap();
            assert_eq!(forms.entry(group, &segments(template).unwrap(), number), Ok(number));
        }
        (forms, group)
    }

    #[test]
    fn the_most_exact_template_answers() {
        let templates = [
            "/{*rest}",
            "/files/{id}",
            "/files/{id}.json",
            "/files/report-{id}.json",
            "/files/report-{id}",
            "/files/index",
            "/files/{id}/parts/{part}",
            "/files/index/parts",
            "/{kind}/index/parts/{part}",
        ];
        let (mut forms, group) = forms(&templates);
        let cases = [
            ("/files/index", Some(5)),
            ("/files/7", Some(1)),
            ("/files/7.json", Some(2)),
            ("/files/report-7.json", Some(3)),
            ("/files/report-7", Some(4)),
            // A parameter is never empty.
            ("/files/.json", Some(1)),
            ("/files/report-", Some(1)),
            ("/files/index/parts", Some(7)),
            ("/files/index/parts/3", Some(6)),
            ("/images/index/parts/3", Some(8)),
            ("/files/index/other", Some(0)),
            ("/files/", Some(0)),
            ("/x/y/z/", Some(0)),
            ("//", Some(0)),
            ("/", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(forms.find(group, path), expected, "{path}");
        }
        assert_eq!(forms.entry(group, &segments("/files/{other}").unwrap(), 99), Ok(1));
        assert_eq!(forms.find(7, "/files"), None);
    }

    #[test]
    fn groups_share_nothing() {
        let (mut forms, first) = forms(&["/cases", "/cases/{id}"]);
        let second = forms.add_group().unwrap();
        assert_eq!(forms.entry(second, &segments("/cases").unwrap(), 7), Ok(7));
        assert_eq!(forms.find(first, "/cases"), Some(0));
        assert_eq!(forms.find(second, "/cases"), Some(7));
        assert_eq!(forms.find(second, "/cases/1"), None);
    }

    #[test]
    fn text_is_not_mistaken_across_segments() {
        let (forms, group) = forms(&["/ab/c", "/a/bc", "/a/{x}/c", "/{x}/a/c"]);
        assert_eq!(forms.find(group, "/ab/c"), Some(0));
        assert_eq!(forms.find(group, "/a/bc"), Some(1));
        assert_eq!(forms.find(group, "/abc/"), None);
        assert_eq!(forms.find(group, "/a/a/c"), Some(2));
        assert_eq!(forms.find(group, "/b/a/c"), Some(3));
    }

    #[test]
    fn a_path_longer_than_any_template_only_meets_a_wildcard() {
        let long = "/a".repeat(4_000);
        let (forms, group) = forms(&["/a/{*rest}", "/{x}/b"]);
        assert_eq!(forms.find(group, &long), Some(0));
        assert_eq!(forms.find(group, &format!("/b{long}")), None);
    }
}
