//! What the engine learns from the data files when it is built: the words that exist, samples of every need, and how
//! much each cue says.

use std::borrow::Cow;
use std::sync::LazyLock;

use hashbrown::{HashMap, HashSet};

use crate::data::directory::Directory;
use crate::data::needs::Need;
use crate::data::signals::{self, Vague};
use crate::engine::cue::Cues;
use crate::engine::index::{self, Sample};
use crate::text::analysis::Analysis;
use crate::text::language::Language;
use crate::text::lexicon::Lexicon;

/// How much a cue of one unit says that never misleads, and how much more each further unit.
const CUE: f32 = 8.0;
const CUE_UNIT: f32 = 1.6;
/// How much it costs a cue that it also matches phrasings of other needs.
const PRECISION: f32 = 0.7;
/// How much the words of a cue count as vocabulary, by whether it is one unit.
const CUE_WORD: f32 = 1.0;
const CUE_WORD_OF_MANY: f32 = 0.5;
/// How much a word of a need's list counts beside one of a whole phrasing.
const WORD: f32 = 1.0;

/// Every word that some data file uses, so that questions are read and spelt with them.
pub(super) fn lexicon(
    directory: &Directory,
    needs: &[Need],
    vague: &[Vague],
    emergencies: &signals::Emergencies,
    sentences: &signals::EmergencySentences,
    concepts: &[(String, Vec<String>)],
    everyday: &[(String, Vec<String>)],
) -> Lexicon {
    let plain = |cue: &str| cue.replace(['|', '*', '_', '@', '='], " ");
    let english: Vec<String> = needs
        .iter()
        .flat_map(|need| {
            let names = need.name.en.iter().chain([&need.words_en]);
            need.say_en.iter().chain(names).cloned()
        })
        .collect();
    let vague_lines = vague.iter().flat_map(|vague| vague.say.lines());
    let (open_swedish, open_english): (Vec<&str>, Vec<&str>) = vague_lines.partition(|line| !is_english_line(line));
    let mut swedish: Vec<String> = Vec::new();
    for need in needs {
        swedish.push(need.name.sv.clone());
        swedish.extend(need.say.iter().cloned());
        swedish.push(need.why.sv.clone());
        swedish.push(need.words.clone());
        for cue in need.cues.iter().chain(&need.block) {
            if !is_english_line(&plain(cue)) {
                swedish.push(plain(cue));
            }
        }
    }
    for one in &emergencies.emergency {
        swedish.extend(
            one.cues
                .iter()
                .chain(&one.block)
                .map(|cue| plain(cue))
                .filter(|cue| !is_english_line(cue)),
        );
    }
    let told = sentences
        .danger
        .values()
        .chain([&sentences.calm.say])
        .flat_map(|lines| lines.lines());
    swedish.extend(told.filter(|line| !is_english_line(line)).map(str::to_owned));
    swedish.extend(directory.organisations.iter().map(|one| one.name.clone()));
    let english: Vec<&str> = english.iter().map(String::as_str).chain(open_english).collect();
    Lexicon::new(
        swedish.iter().map(String::as_str).chain(open_swedish),
        english.into_iter(),
        concepts,
        everyday,
    )
}

/// Words that stand in English lines alone.
const ENGLISH: &str = "
the my of to how and child benefit house school work apply permit register care car money company support pay
hospital doctor tax home dog public city water street landlord rent neighbour old lost report complain
business insurance licence police death someone now grant bus where open card food broken noise election crime
court abroad need want can't building husband mother pension job employer
";

static ENGLISH_SIGNS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| ENGLISH.split_whitespace().collect());

/// Whether a line of mixed data is English: it has no Swedish letter and more English than Swedish function words.
fn is_english_line(line: &str) -> bool {
    let lowered = line.to_lowercase();
    if lowered.contains(['å', 'ä', 'ö']) {
        return false;
    }
    lowered
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .any(|word| ENGLISH_SIGNS.contains(word))
}

/// Training samples of every class, and the analysed phrasings of needs for weighing cues.
pub(super) fn samples(lexicon: &Lexicon, needs: &[Need], vague: &[Vague]) -> (Vec<Sample>, Vec<(usize, Analysis)>) {
    let mut told: Vec<(usize, &str, Language)> = Vec::new();
    for (class, need) in needs.iter().enumerate() {
        told.push((class, &need.name.sv, Language::Swedish));
        told.push((class, need.name.en.as_deref().unwrap_or_default(), Language::English));
        told.extend(need.say.iter().map(|line| (class, line.as_str(), Language::Swedish)));
        told.extend(need.say_en.iter().map(|line| (class, line.as_str(), Language::English)));
    }
    for (class, one) in (needs.len()..).zip(vague) {
        let lines = one.say.lines().map(str::trim).filter(|line| !line.is_empty());
        told.extend(lines.map(|line| (class, line, Language::Swedish)));
    }
    // Words and the words of cues are vocabulary: they count, but no question is near to a list of words.
    let mut lists: Vec<(usize, Cow<'_, str>, Language, f32)> = Vec::new();
    for (class, need) in needs.iter().enumerate() {
        lists.push((class, Cow::Borrowed(&need.words), Language::Swedish, WORD));
        lists.push((class, Cow::Borrowed(&need.words_en), Language::English, WORD));
        for cue in &need.cues {
            let words = cue.replace(['|', '*', '_', '@', '='], " ");
            let language = if is_english_line(&words) {
                Language::English
            } else {
                Language::Swedish
            };
            let units = cue.split_whitespace().count();
            let weight = if units == 1 { CUE_WORD } else { CUE_WORD_OF_MANY };
            lists.push((class, Cow::Owned(words), language, weight));
        }
    }
    let texts = told.iter().map(|(_, text, language)| (*text, *language));
    let listed = lists.iter().map(|(_, words, language, _)| (words.as_ref(), *language));
    let texts: Vec<(&str, Language)> = texts.chain(listed).collect();
    let mut read = lexicon.analyse_all(&texts, |analysis| {
        let bag = index::bag(&analysis);
        (analysis, bag)
    });
    let listed = read.split_off(told.len());
    let mut samples: Vec<Sample> = Vec::with_capacity(texts.len());
    let mut phrasings: Vec<(usize, Analysis)> = Vec::with_capacity(told.len());
    for ((class, ..), (analysis, bag)) in told.iter().zip(read) {
        phrasings.push((*class, analysis));
        samples.push(Sample {
            class: *class,
            bag,
            weight: 1.0,
            phrasing: true,
        });
    }
    for ((class, _, _, weight), (_, mut bag)) in lists.iter().zip(listed) {
        bag.retain(|(term, _)| !term.starts_with("b:"));
        samples.push(Sample {
            class: *class,
            bag,
            weight: *weight,
            phrasing: false,
        });
    }
    (samples, phrasings)
}

/// A cue says more the more of the phrasings it matches are its own need's.
pub(super) fn weigh_cues<'p>(cues: &mut Cues, phrasings: impl Iterator<Item = &'p (usize, Analysis)>) {
    let mut counts: HashMap<u32, (f32, f32)> = HashMap::new();
    for (class, analysis) in phrasings {
        for hit in cues.matches(analysis) {
            let (own, other) = counts.entry(hit.cue).or_default();
            if usize::try_from(hit.owner) == Ok(*class) {
                *own += 1.0;
            } else {
                *other += 1.0;
            }
        }
    }
    for cue in 0.. {
        let units = cues.units(cue);
        let (own, other) = counts.get(&cue).copied().unwrap_or_default();
        let precise = ((own + 1.0) / (own + other + 1.0)).powf(PRECISION);
        let weight = (CUE + CUE_UNIT * (units as f32 - 1.0).min(2.0)) * precise;
        if !cues.weigh_checked(cue, weight) {
            break;
        }
    }
}
