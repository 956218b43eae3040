//! The decision: an answer, a question back, "no authority", or an emergency.

mod candidates;
mod learned;

pub use self::learned::Learned;

use model::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data::directory::{Directory, Organisation};
use crate::data::files::{self, DataError};
use crate::data::glossary::Glossary;
use crate::data::needs::{Level, Need};
use crate::data::signals::{self, Emergency, Vague};
use crate::engine::cue::{Cues, Hit};
use crate::engine::emergency::{Detector, Sense};
use crate::engine::index::{self, Bag, Index};
use crate::engine::learn;
use crate::engine::place::{Area, Places};
use crate::engine::ranking::{self, Ranking};
use crate::engine::responsible::{Found, responsible};
use crate::text::analysis::{Analysis, Token};
use crate::text::language::Language;
use crate::text::lexicon::Lexicon;

/// What kind of answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// A public organisation is responsible.
    Organisation,
    /// One more thing must be known.
    AskBack,
    /// No authority is responsible.
    NotPublic,
    /// Call an emergency number first.
    Emergency,
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// In the person's own words.
    pub text: &'q str,
    /// The language to assume when the words do not tell.
    pub language: Language,
    /// The municipality that the person has chosen, by code.
    pub municipality: Option<&'q str>,
}

/// An organisation that may be responsible.
#[derive(Clone, Debug)]
pub struct Candidate<'e> {
    /// The organisation.
    pub organisation: &'e Organisation,
    /// The need that leads to it.
    pub need: &'e Need,
    /// The level.
    pub level: Level,
    /// The area that decided.
    pub area: Area,
    /// Note of the exception that applied, in Swedish.
    pub exception: Option<&'e str>,
    /// From 0 to 1.
    pub confidence: f32,
}

/// A question back.
#[derive(Clone, Debug)]
pub struct AskBack<'e> {
    /// What to ask.
    pub question: LocalizedText,
    /// Needs to choose between; empty when a place is asked for.
    pub options: Vec<&'e Need>,
    /// Whether a municipality is what is missing.
    pub place: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer<'e> {
    /// What kind.
    pub outcome: Outcome,
    /// The need that was understood.
    pub need: Option<&'e Need>,
    /// How sure, from 0 to 1.
    pub confidence: f32,
    /// Organisations, best first; empty unless the outcome is an organisation.
    pub candidates: Vec<Candidate<'e>>,
    /// What to ask.
    pub ask_back: Option<AskBack<'e>>,
    /// Which emergency.
    pub emergency: Option<&'e Emergency>,
}

/// How many organisations an answer names.
const MOST: usize = 3;
/// How many of the best are looked at.
const LOOKED_AT: usize = 24;
/// How sure a candidate is that the words did not point to.
const NEARBY: f32 = 0.1;

/// How far ahead of every need an open question must be with what was learned.
const LEARNED_AHEAD: f32 = 1.5;
/// How far ahead of an open question a need is enough, with what was learned.
const ENOUGH_SAID: f32 = 2.5;

/// Weights of the parts of a score; found by looking at which classes of question went wrong.
mod weights {
    pub(super) const TERMS: f32 = 1.0;
    pub(super) const NEAREST: f32 = 5.0;
    pub(super) const BLOCK: f32 = 9.0;
    pub(super) const STORY: f32 = 0.6;
    pub(super) const FOCUS: f32 = 0.6;
    pub(super) const ASIDE: f32 = 0.3;
    pub(super) const BARE: f32 = 0.8;
    /// What each further cue of a need says beside the first.
    pub(super) const FURTHER: f32 = 0.2;
    /// What each unit says by which a need is nearer to its learned line than those that are out of the question.
    pub(super) const LEARNED: f32 = 50.0;
    /// A runner-up scores at least this share of the best.
    pub(super) const RUNNER_UP: f32 = 0.25;
    /// Below this a best need is a guess.
    pub(super) const GUESS: f32 = 14.0;
}

/// Everything needed to answer, built once.
pub struct Engine {
    /// Organisations and areas.
    pub directory: Directory,
    /// Official words and relation words.
    pub glossary: Glossary,
    /// Needs.
    pub needs: Vec<Need>,
    vague: Vec<Vague>,
    lexicon: Lexicon,
    cues: Cues,
    blocks: Cues,
    index: Index,
    ranking: Ranking,
    /// By need and open question: its number in the ranking, where that knows it.
    ranked: Vec<Option<usize>>,
    places: Places,
    detector: Detector,
}

/// A class with its score.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    class: usize,
    score: f32,
    /// The score without what the ranking learned.
    told: f32,
    cue: f32,
    first: usize,
}

impl Engine {
    /// Builds the engine over a directory and needs, and the words of the data files.
    ///
    /// # Errors
    /// A data file that is not in its form.
    pub fn new(directory: Directory, needs: Vec<Need>) -> Result<Self, DataError> {
        let vague = signals::vague()?;
        let emergencies = signals::emergencies()?;
        let sentences = signals::emergency_sentences(&emergencies.emergency)?;
        let concepts = signals::concepts()?;
        let everyday = signals::everyday_words()?;
        let lexicon = learn::lexicon(
            &directory,
            &needs,
            &vague,
            &emergencies,
            &sentences,
            &concepts,
            &everyday,
        );
        let (mut cues, mut blocks) = (Cues::default(), Cues::default());
        for (owner, need) in (0_u32..).zip(&needs) {
            for cue in &need.cues {
                cues.add(&lexicon, owner, cue);
            }
            for block in &need.block {
                blocks.add(&lexicon, owner, block);
            }
        }
        let (samples, phrasings) = learn::samples(&lexicon, &needs, &vague);
        learn::weigh_cues(&mut cues, phrasings.iter().filter(|(class, _)| *class < needs.len()));
        let index = Index::new(needs.len() + vague.len(), &samples);
        let unreadable = |file: &str, message: String| DataError::Form {
            file: file.to_owned(),
            message,
        };
        let sense = Sense::read(files::EMERGENCY_SENSE)
            .map_err(|error| unreadable("emergency-sense.bin", error.to_string()))?;
        let detector = Detector::new(&lexicon, emergencies, sense);
        let places = Places::new(&directory);
        let ranking =
            Ranking::read(files::RANKING).map_err(|error| unreadable("needs-ranking.bin", error.to_string()))?;
        let ranked = ranking.places_of(&ranking::classes(&needs, &vague));
        Ok(Self {
            glossary: Glossary::read()?,
            directory,
            needs,
            vague,
            lexicon,
            cues,
            blocks,
            index,
            ranking,
            ranked,
            places,
            detector,
        })
    }

    /// The need with an id.
    #[must_use]
    pub fn need(&self, id: &str) -> Option<&Need> {
        self.needs.iter().find(|need| need.id == id)
    }

    /// Answers a question in plain words.
    #[must_use]
    pub fn ask(&self, question: &Question<'_>) -> Answer<'_> {
        let mut analysis = self.lexicon.analyse(question.text, question.language);
        let named = analysis.clone();
        self.places.hide(&mut analysis);
        let bag = index::bag(&analysis);
        let hits = self.cues.matches(&analysis);
        if let Some(emergency) = self.detector.find(&analysis, &bag, &hits) {
            return Answer {
                outcome: Outcome::Emergency,
                need: None,
                confidence: 1.0,
                candidates: Vec::new(),
                ask_back: None,
                emergency: Some(emergency),
            };
        }
        let ranked = self.rank(&analysis, &bag, hits);
        self.choose(&named, &bag, &ranked, question.municipality)
    }

    /// Needs with their scores, best first, to show why an answer came out as it did.
    #[must_use]
    pub fn explain(&self, text: &str, most: usize) -> Vec<(String, f32)> {
        let mut analysis = self.lexicon.analyse(text, Language::Swedish);
        self.places.hide(&mut analysis);
        let bag = index::bag(&analysis);
        self.rank(&analysis, &bag, self.cues.matches(&analysis))
            .into_iter()
            .take(most)
            .map(|one| {
                let id = self.needs.get(one.class).map_or_else(
                    || {
                        self.vague
                            .get(one.class - self.needs.len())
                            .map_or("?", |vague| vague.id.as_str())
                            .to_uppercase()
                    },
                    |need| need.id.clone(),
                );
                (id, one.score)
            })
            .collect()
    }

    fn rank(&self, analysis: &Analysis, bag: &Bag, mut hits: Vec<Hit>) -> Vec<Ranked> {
        let whole = self.index.score(bag);
        let focus = focus(analysis);
        let aim = focus.as_ref().map_or(u64::MAX, |focus| {
            let bit = |token: &Token| 1_u64 << token.sentence.min(63);
            focus.tokens.iter().fold(0, |all, token| all | bit(token))
        });
        let focus = focus.map(|focus| self.index.score(&index::bag(&focus)));
        let mut ranked: Vec<Ranked> = whole
            .into_iter()
            .enumerate()
            .map(|(class, score)| {
                let mut sum = weights::TERMS * score.terms + weights::NEAREST * score.nearest;
                if let Some(focus) = focus.as_ref().and_then(|focus| focus.get(class)) {
                    // In a long story the question itself says more than what happened on the way.
                    let aimed = weights::TERMS * focus.terms + weights::NEAREST * focus.nearest;
                    sum = weights::STORY * sum + weights::FOCUS * aimed;
                }
                Ranked {
                    class,
                    score: sum,
                    told: 0.0,
                    cue: 0.0,
                    first: usize::MAX,
                }
            })
            .collect();
        for hit in &mut hits {
            // What happened on the way in a long story says less than the question itself.
            if hit.sentences & aim == 0 {
                hit.weight *= weights::ASIDE;
            }
        }
        hits.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.cue.cmp(&b.cue)));
        for hit in hits {
            if let Some(one) = usize::try_from(hit.owner).ok().and_then(|at| ranked.get_mut(at)) {
                let share = if one.cue == 0.0 { 1.0 } else { weights::FURTHER };
                one.cue += share * hit.weight;
                one.first = one.first.min(hit.first);
            }
        }
        for one in &mut ranked {
            // Without any cue there are only words that many needs share.
            let bare = one.cue == 0.0 && one.class < self.needs.len();
            one.score = if bare {
                weights::BARE * one.score
            } else {
                one.score + one.cue
            };
        }
        for hit in self.blocks.matches(analysis) {
            if let Some(one) = usize::try_from(hit.owner).ok().and_then(|at| ranked.get_mut(at)) {
                one.score -= weights::BLOCK;
            }
        }
        let learned = self.ranking.score(analysis, bag);
        for (one, place) in ranked.iter_mut().zip(&self.ranked) {
            let line = place.and_then(|place| learned.get(place)).copied().unwrap_or(-1.0);
            one.told = one.score;
            one.score += weights::LEARNED * (line + 1.0).max(0.0);
        }
        let best_first = |a: &Ranked, b: &Ranked| b.score.total_cmp(&a.score).then(a.class.cmp(&b.class));
        if ranked.len() > LOOKED_AT {
            ranked.select_nth_unstable_by(LOOKED_AT, best_first);
            ranked.truncate(LOOKED_AT);
        }
        ranked.sort_unstable_by(best_first);
        ranked
    }

    fn choose(&self, analysis: &Analysis, bag: &Bag, ranked: &[Ranked], chosen: Option<&str>) -> Answer<'_> {
        let specific: Vec<Ranked> = ranked
            .iter()
            .filter(|one| one.class < self.needs.len())
            .copied()
            .collect();
        let best = specific.first();
        if let Some(vague) = self.too_open(bag, ranked) {
            return self.ask_kind(Some(vague));
        }
        let sure = |one: &&Ranked| one.score >= weights::GUESS || one.score > 1.5 && self.covered(bag, one.class) > 0.8;
        let Some(best) = best.filter(sure) else {
            return self.ask_kind(self.vague.last());
        };
        let Some(need) = self.needs.get(best.class) else {
            return self.ask_kind(self.vague.last());
        };
        let confidence = confidence(best, specific.get(1));
        let area = self.places.area(&self.directory, need, analysis, chosen);
        match responsible(&self.directory, need, &area) {
            Found::NotPublic => Answer {
                outcome: Outcome::NotPublic,
                need: Some(need),
                confidence,
                candidates: Vec::new(),
                ask_back: None,
                emergency: None,
            },
            Found::PlaceMissing => ask_place(need, confidence),
            Found::Organisation(..) => Answer {
                outcome: Outcome::Organisation,
                need: Some(need),
                confidence,
                candidates: self.candidates(analysis, &specific, chosen),
                ask_back: None,
                emergency: None,
            },
        }
    }

    /// A message that holds nothing but an open question: its words are all in the open kind's own phrasings. What was learned
    /// tells needs apart, not whether enough was said, and is left out, but where it puts one
    /// of them far ahead.
    fn too_open(&self, bag: &Bag, ranked: &[Ranked]) -> Option<&Vague> {
        let most = |a: &&Ranked, b: &&Ranked| a.told.total_cmp(&b.told).then(b.class.cmp(&a.class));
        let (needs, opens): (Vec<&Ranked>, Vec<&Ranked>) = ranked.iter().partition(|one| one.class < self.needs.len());
        let open = opens.into_iter().max_by(most)?;
        let best = needs.into_iter().max_by(most);
        let vague = self.vague.get(open.class - self.needs.len())?;
        let covered = self.covered(bag, open.class);
        let best_score = best.map_or(0.0, |one| one.told);
        let best_cue = best.map_or(0.0, |one| one.cue);
        let near = open.told + 1.0 * covered >= best_score && covered > 0.7 && best_cue < 0.5;
        let nothing_else = covered > 0.9 && open.told > best_score * 0.6;
        let far_ahead = open.told > 1.3 * best_score && best_cue < 0.5;
        let ahead = open.told > best_score && covered > 0.45;
        let best_of_all = ranked.iter().find(|one| one.class < self.needs.len());
        if best_of_all.is_some_and(|best| best.score > ENOUGH_SAID * open.score) {
            return None;
        }
        let learned = best_of_all.is_none_or(|best| open.score > LEARNED_AHEAD * best.score && best.cue < 0.5);
        (near || nothing_else || far_ahead || ahead || learned).then_some(vague)
    }

    /// Which share of a message's words a class knows, by how much they say.
    fn covered(&self, bag: &Bag, class: usize) -> f32 {
        let (mut held, mut all) = (0.0, 0.0);
        for (term, weight) in bag
            .iter()
            .filter(|(term, _)| !term.starts_with("b:") && !term.starts_with('@'))
        {
            let strength = weight * self.index.strength(term);
            all += strength;
            if self.index.class_has(class, term) {
                held += strength;
            }
        }
        if all > 0.0 { held / all } else { 1.0 }
    }

    fn ask_kind<'e>(&'e self, vague: Option<&'e Vague>) -> Answer<'e> {
        let ask_back = vague.map(|vague| AskBack {
            question: LocalizedText::new(&vague.sv, &vague.en),
            options: vague.options.iter().filter_map(|id| self.need(id)).collect(),
            place: false,
        });
        Answer {
            outcome: Outcome::AskBack,
            need: None,
            confidence: 0.0,
            candidates: Vec::new(),
            ask_back,
            emergency: None,
        }
    }

    /// Answers for a known need in a chosen municipality.
    #[must_use]
    pub fn by_need<'e>(&'e self, need: &'e Need, municipality: Option<&str>) -> Answer<'e> {
        let one = municipality.and_then(|code| self.directory.municipality(code));
        let area = Area {
            municipality: one.map(|one| one.code.clone()),
            county: one.map(|one| one.county.clone()),
        };
        let answer = |outcome, candidates| Answer {
            outcome,
            need: Some(need),
            confidence: 1.0,
            candidates,
            ask_back: None,
            emergency: None,
        };
        match responsible(&self.directory, need, &area) {
            Found::NotPublic => answer(Outcome::NotPublic, Vec::new()),
            Found::PlaceMissing => ask_place(need, 1.0),
            Found::Organisation(organisation, level, exception) => {
                let candidate = Candidate {
                    organisation,
                    need,
                    level,
                    area,
                    exception: exception.map(|one| one.note.as_str()),
                    confidence: 1.0,
                };
                answer(Outcome::Organisation, vec![candidate])
            }
        }
    }
}

fn ask_place(need: &Need, confidence: f32) -> Answer<'_> {
    Answer {
        outcome: Outcome::AskBack,
        need: Some(need),
        confidence,
        candidates: Vec::new(),
        ask_back: Some(AskBack {
            question: LocalizedText::new("Vilken kommun gäller det?", "Which municipality is it about?"),
            options: Vec::new(),
            place: true,
        }),
        emergency: None,
    }
}

/// The sentences that ask, and the last two, of a message with four or more.
fn focus(analysis: &Analysis) -> Option<Analysis> {
    let sentences = analysis.tokens.last().map_or(0, |token| token.sentence + 1);
    if sentences < 4 {
        return None;
    }
    let asks = |sentence: usize| analysis.asks.get(sentence).copied().unwrap_or(false);
    Some(analysis.part(|sentence| sentence + 2 >= sentences || asks(sentence)))
}

fn confidence(best: &Ranked, next: Option<&Ranked>) -> f32 {
    let lead = next.map_or(best.score, |next| best.score - next.score) / best.score.max(1.0);
    let strong = (best.score / 25.0).min(1.0);
    (0.35 + 0.35 * strong + 0.3 * lead.min(1.0)).clamp(0.0, 0.99)
}
