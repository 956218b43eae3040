//! Where the matter is: municipalities, counties and places named in the text, and the one the person has chosen.

mod passing;

use std::sync::Arc;

use hashbrown::HashMap;

use crate::data::directory::Directory;
use crate::data::needs::{AreaFrom, Need};
use crate::text::analysis::{Analysis, Token};
use crate::text::fold;

/// An area that a need's rule is applied in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Municipality code.
    pub municipality: Option<String>,
    /// County code, when only the county is known or the municipality gives it.
    pub county: Option<String>,
}

/// How a place stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// What the message is about lies in it: "stugan i Lund".
    Lies,
    /// In it: "i Lund", "Lunds kommun".
    In,
    /// To it: "till Lund".
    To,
    /// Something stands there: "gymnasiet i Åmål". Not where anybody lives.
    Stands,
    /// Where the writer lives, in a message that also names another place: "jag bor i Lund".
    Home,
    /// From it, or a place where something else happened: "från Lund", "köpte bilen i Lund".
    Aside,
}

/// A place named in the text.
#[derive(Clone, Debug)]
struct Mention {
    municipality: Option<String>,
    county: String,
    role: Role,
}

/// Finds places in text.
pub struct Places {
    /// By the first word of the name.
    names: HashMap<String, Vec<Name>>,
}

/// The words of a name after the first, the municipality code when it is one, and the county code.
type Name = (Vec<String>, Option<String>, String);

/// Municipality names that are also everyday words; they count only as a clear place.
const EVERYDAY: &[&str] = &[
    "vara", "mark", "berg", "kil", "ale", "sala", "nora", "mora", "boden", "lund", "eda", "trosa", "köping", "säter",
    "flen", "åsa", "floda", "alby", "boo", "nol", "hede", "dalby", "åby", "broby", "kista", "handen", "orsa", "salem",
    "slite", "höör", "åre",
];
/// Words before a place's name that make it another place.
const DIRECTIONS: &[&str] = &["norra", "södra", "östra", "västra", "nedre", "övre", "gamla", "nya"];
/// How the names end of what lies in a province but is no town.
const ISLANDS: &[&str] = &["ö", "ön", "näs", "berg", "hed", "slätt"];
/// The words before a place that put the matter in it.
const IN: &[&str] = &[
    "i", "på", "in", "at", "vid", "inom", "utanför", "nära", "near", "outside", "kring", "runt", "around",
];
const TO: &[&str] = &["till", "to", "mot"];
const FROM: &[&str] = &["från", "from", "ifrån"];
/// What happens in a place that is not where the matter is.
const ASIDE: &[&str] = &[
    "köpte",
    "köpt",
    "jobbar",
    "jobb",
    "arbetar",
    "semester",
    "semestern",
    "resa",
    "rest",
    "uppvuxen",
    "född",
    "bought",
    "work",
    "working",
    "works",
    "flög",
    "konferens",
    "pluggade",
    "uppväxt",
    "hälsat",
    "hälsade",
    "träffades",
    // A company that was asked, wherever it is.
    "firma",
    "företag",
    "företaget",
    "borrföretag",
    "butik",
    "butiken",
    "hantverkare",
    "offert",
    "besöka",
    "hälsa",
];
/// What stands in a place without the person living there: "gymnasiet i Åmål".
const STANDS: &[&str] = &[
    "gymnasiet",
    "gymnasieskolan",
    "gymnasieskola",
    "universitetet",
    "sjukhuset",
    "lasarettet",
    "högskolan",
    "hospital",
    "university",
    "friskola",
    "klinik",
    "kliniken",
    "släkt",
    "kompis",
    "kusin",
];
const HOME: &[&str] = &["jag", "vi", "i", "we", "själv"];
const LIVES: &[&str] = &["bor", "bodde", "live", "skriven", "folkbokförd", "lives", "boende"];

impl Places {
    /// All names of the directory.
    #[must_use]
    pub fn new(directory: &Directory) -> Self {
        let mut places = Self { names: HashMap::new() };
        for one in &directory.municipalities {
            places.add(&one.name, Some(&one.code), &one.county);
        }
        for (name, code) in &directory.places {
            if let Some(one) = directory.municipality(code) {
                places.add(name, Some(code), &one.county);
            }
        }
        for one in directory
            .organisations
            .iter()
            .filter(|one| one.id.starts_with("region-"))
        {
            let Some(county) = &one.county else { continue };
            places.add(&one.name, None, county);
            let county_name = directory
                .municipalities
                .iter()
                .find(|m| m.county == *county)
                .map(|m| m.county_name.clone());
            if let Some(name) = county_name {
                places.add(&name, None, county);
                // "Skåne", "Dalarna", "Västra Götaland"; but "Stockholm" alone is the municipality.
                let bare = name.trim_end_matches(" län").trim_end_matches('s');
                if !places.names.contains_key(&fold::lower(bare)) {
                    places.add(bare, None, county);
                }
            }
        }
        for (name, county) in [
            ("Dalarna", "20"),
            ("Småland", "06"),
            ("Västkusten", "14"),
            ("Hälsingland", "21"),
            ("Roslagen", "01"),
            ("Bohuslän", "14"),
            ("Sörmland", "04"),
        ] {
            places.add(name, None, county);
        }
        places
    }

    fn add(&mut self, name: &str, municipality: Option<&str>, county: &str) {
        let words: Vec<String> = fold::words(name).words.into_iter().map(|word| word.norm).collect();
        let Some((first, rest)) = words.split_first() else {
            return;
        };
        let entry = self.names.entry(first.clone()).or_default();
        if !entry.iter().any(|(known, ..)| known.as_slice() == rest) {
            entry.push((rest.to_vec(), municipality.map(str::to_owned), county.to_owned()));
        }
        entry.sort_by_key(|(rest, ..)| std::cmp::Reverse(rest.len()));
    }

    /// Takes the matter out of place names, so that "Strömstad" has nothing to do with electricity.
    pub fn hide(&self, analysis: &mut Analysis) {
        let mut at = 0;
        while let Some(token) = analysis.tokens.get(at) {
            let Some((length, ..)) = self.named(&analysis.tokens, at) else {
                at += 1;
                continue;
            };
            if clear(&analysis.tokens, at, length, token) {
                for token in analysis.tokens.iter_mut().skip(at).take(length) {
                    token.stop = true;
                    token.swedish = Arc::default();
                    token.english = Arc::default();
                    token.parts.clear();
                    token.concepts.clear();
                    token.meant = None;
                    token.place = true;
                }
            }
            at += length;
        }
    }

    fn mentions(&self, analysis: &Analysis) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(token) = analysis.tokens.get(at) {
            match self.named(&analysis.tokens, at) {
                Some((length, municipality, county)) => {
                    let clear = clear(&analysis.tokens, at, length, token);
                    if clear {
                        let role = role(&analysis.tokens, at, length);
                        found.push(Mention {
                            municipality,
                            county,
                            role,
                        });
                    }
                    at += length;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The name that begins at a word: how many words it has, and what it is.
    fn named(&self, tokens: &[Token], at: usize) -> Option<(usize, Option<String>, String)> {
        let first = &tokens.get(at)?.norm;
        let genitive = first.strip_suffix('s').filter(|bare| bare.chars().count() > 2);
        for (form, whole) in std::iter::once((&**first, true)).chain(genitive.map(|bare| (bare, false))) {
            for (rest, municipality, county) in self.names.get(form).into_iter().flatten() {
                let follows = rest.iter().enumerate().all(|(offset, word)| {
                    tokens
                        .get(at + 1 + offset)
                        .is_some_and(|token| *token.norm == **word || token.norm.strip_suffix('s') == Some(word))
                });
                if follows && (whole || rest.is_empty()) {
                    return Some((1 + rest.len(), municipality.clone(), county.clone()));
                }
            }
        }
        None
    }

    /// The area that decides for a need: what the text says goes before what was chosen, when the matter is there.
    #[must_use]
    pub fn area(&self, directory: &Directory, need: &Need, analysis: &Analysis, chosen: Option<&str>) -> Area {
        let mentions = self.mentions(analysis);
        let several = mentions.iter().filter(|one| one.role != Role::Aside).count() > 1;
        let moving = analysis
            .tokens
            .iter()
            .any(|token| token.norm.starts_with("flytt") || token.norm.starts_with("mov"));
        let home = mentions.iter().any(|one| one.role == Role::Home);
        let for_another = analysis
            .tokens
            .iter()
            .any(|token| token.concepts.iter().any(|concept| **concept == *"elder"));
        let counts = |mention: &&Mention| match mention.role {
            Role::Lies | Role::In => true,
            Role::Stands => need.area != AreaFrom::Residence || chosen.is_none() && !home,
            Role::To => moving || need.area != AreaFrom::Residence || chosen.is_none(),
            // Whoever lives in one place and chose another writes about the other: a parent's, a cottage's.
            Role::Home => match chosen {
                Some(_) => !several && !for_another,
                None => !several || need.area == AreaFrom::Residence,
            },
            Role::Aside => false,
        };
        let best = mentions
            .iter()
            .filter(counts)
            .max_by_key(|mention| {
                (
                    mention.role == Role::Lies,
                    mention.municipality.is_some(),
                    mention.role != Role::Home,
                )
            })
            .or_else(|| mentions.iter().find(|one| chosen.is_none() && one.role != Role::Aside));
        let chosen_area = || {
            let one = chosen.and_then(|code| directory.municipality(code));
            Area {
                municipality: one.map(|one| one.code.clone()),
                county: one.map(|one| one.county.clone()),
            }
        };
        match best {
            Some(Mention {
                municipality: None,
                county,
                ..
            }) => {
                let chosen = chosen_area();
                if chosen.county.as_ref() == Some(county) {
                    return chosen;
                }
                Area {
                    municipality: None,
                    county: Some(county.clone()),
                }
            }
            Some(mention) => Area {
                municipality: mention.municipality.clone(),
                county: Some(mention.county.clone()),
            },
            None => chosen_area(),
        }
    }
}

/// Whether a word that is a place's name is meant as one here.
fn clear(tokens: &[Token], at: usize, length: usize, token: &Token) -> bool {
    let before = at
        .checked_sub(1)
        .and_then(|at| tokens.get(at))
        .map(|token| &*token.norm)
        .unwrap_or_default();
    let after = tokens.get(at + length).map(|token| &*token.norm).unwrap_or_default();
    let preposition = IN.contains(&before) || TO.contains(&before) || FROM.contains(&before);
    let inside = |word: &&Token| word.sentence == token.sentence && word.capital;
    // "Östra Frölunda" is not Frölunda, and "Hallands Väderö" is not all of Halland.
    let longer = at.checked_sub(1).and_then(|at| tokens.get(at)).filter(inside);
    if longer.is_some_and(|word| DIRECTIONS.contains(&&*word.norm)) {
        return false;
    }
    let owned = token.norm.ends_with('s') && tokens.get(at + length).filter(inside).is_some();
    if owned && length == 1 && !after.starts_with("kommun") && !after.starts_with("län") {
        return tokens
            .get(at + length)
            .is_none_or(|next| !ISLANDS.iter().any(|end| next.norm.ends_with(end)));
    }
    let title =
        after.starts_with("kommun") || after == "stad" || after == "stads" || after == "län" || after == "municipality";
    if title || length > 1 {
        return true;
    }
    let everyday = EVERYDAY
        .iter()
        .any(|word| *token.norm == **word || token.norm.strip_suffix('s') == Some(word));
    if everyday {
        let town = !matches!(
            &*token.norm,
            "mark" | "berg" | "vara" | "boden" | "kil" | "köping" | "handen"
        );
        return preposition && (token.capital || town && matches!(before, "i" | "in"));
    }
    token.capital || preposition || token.norm.chars().count() > 4
}

fn role(tokens: &[Token], at: usize, length: usize) -> Role {
    let sentence = tokens.get(at).map(|token| token.sentence);
    if passing::is_passed_by(tokens, at, length) {
        return Role::Aside;
    }
    let before: Vec<&str> = tokens
        .get(at.saturating_sub(5)..at)
        .unwrap_or_default()
        .iter()
        .filter(|token| Some(token.sentence) == sentence)
        .map(|token| &*token.norm)
        .collect();
    let last = before.last().copied().unwrap_or_default();
    if FROM.contains(&last) {
        return Role::Aside;
    }
    if before.iter().any(|word| ASIDE.contains(word)) {
        return Role::Aside;
    }
    if TO.contains(&last) {
        return Role::To;
    }
    if before.iter().rev().take(3).any(|word| passing::is_property(word)) {
        return Role::Lies;
    }
    if before.iter().rev().take(2).any(|word| STANDS.contains(word)) {
        return Role::Stands;
    }
    let lives = before.iter().position(|word| LIVES.contains(word));
    if let Some(lives) = lives {
        let who = before
            .get(lives.saturating_sub(2)..(lives + 2).min(before.len()))
            .unwrap_or_default();
        if who.iter().any(|word| HOME.contains(word) && *word != last) {
            return Role::Home;
        }
    }
    Role::In
}
