//! Whether somebody writes about a danger that goes on now; it is answered before anything else.
//!
//! Two ways to see it: cues and signs that somebody wrote down, and a sense learned from sentences (`learned`), to which the cues
//! are signals among others. Either can raise the alarm, and the sense may overrule a cue that it is sure means nothing.

mod learned;
mod sense;

pub(super) use self::sense::Sense;

use crate::data::signals::{Emergencies, Emergency, EmergencySentences, SignGroup, Signs};
use crate::engine::cue::{Cues, Hit};
use crate::engine::index::{self, Bag};
use crate::engine::linear::{Judge, Terms};
use crate::text::analysis::Analysis;
use crate::text::language::Language;
use crate::text::lexicon::Lexicon;

/// From here on the sense raises the alarm by itself.
const ALARM: f32 = 0.0;
/// From here on, when a cue says that it is about something else, and how much that cue must say.
const ALARM_ASIDE: f32 = 0.5;
const ELSE: f32 = 5.0;
/// Below this the sense overrules cues.
const NOTHING: f32 = -0.6;
/// Within how many sentences what a cue is made of must stand.
const CLOSE: u32 = 3;
/// From how many sentences on a message is a story, and how much more a part of it must say for a cue to stand.
const SENTENCES: usize = 3;
const STORY: f32 = 0.6;

/// Which kind of signal a cue is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Signal {
    Danger(usize),
    Block(usize),
    Calm,
    Now,
    Sign(usize),
    Urgent,
    Errand,
}

/// Recognises emergencies.
pub struct Detector {
    emergencies: Vec<Emergency>,
    signs: Signs,
    cues: Cues,
    signals: Vec<Signal>,
    sense: Sense,
}

impl Detector {
    /// A detector of these emergencies, with what was learned of them.
    #[must_use]
    pub(super) fn new(lexicon: &Lexicon, file: Emergencies, sense: Sense) -> Self {
        Self {
            sense,
            ..Self::of_cues(lexicon, file)
        }
    }

    /// Learns the sense anew, from sentences and from messages that tell of no danger.
    pub(super) fn learn<'c>(
        &self,
        lexicon: &Lexicon,
        sentences: &EmergencySentences,
        calm: impl Iterator<Item = &'c Analysis>,
        fingerprint: u64,
    ) -> Sense {
        let known = self.emergencies.iter().map(|one| sentences.danger.get(&one.id));
        let danger = (1..)
            .zip(known)
            .flat_map(|(kind, lines)| lines.into_iter().map(move |lines| (kind, lines)));
        let told = danger
            .chain(std::iter::once((0, &sentences.calm.say)))
            .flat_map(|(kind, lines)| lines.lines().map(move |line| (kind, line)));
        let (told, lines): (Vec<usize>, Vec<(&str, Language)>) =
            told.map(|(kind, line)| (kind, (line, Language::Swedish))).unzip();
        let terms = |analysis: &Analysis| {
            let hits = self.cues.matches(analysis);
            self.terms(analysis, &index::bag(analysis), &hits)
        };
        let read = lexicon.analyse_all(&lines, |analysis| terms(&analysis));
        let mut examples: Vec<(usize, Terms)> = told.into_iter().zip(read).collect();
        examples.extend(calm.map(|analysis| (0, terms(analysis))));
        Sense::learn(fingerprint, self.emergencies.len(), &examples)
    }

    /// Of what the sense was learned.
    pub(super) fn fingerprint(&self) -> u64 {
        self.sense.fingerprint()
    }

    fn of_cues(lexicon: &Lexicon, file: Emergencies) -> Self {
        let mut detector = Self {
            cues: Cues::strict(),
            signals: Vec::new(),
            sense: Sense::default(),
            emergencies: file.emergency,
            signs: file.signs,
        };
        for cue in &file.calm {
            detector.add(lexicon, cue, Signal::Calm);
        }
        for cue in &file.now {
            detector.add(lexicon, cue, Signal::Now);
        }
        let written: Vec<(usize, String, bool)> = detector
            .emergencies
            .iter()
            .enumerate()
            .flat_map(|(at, one)| {
                let dangers = one.cues.iter().map(move |cue| (at, cue.clone(), true));
                dangers.chain(one.block.iter().map(move |cue| (at, cue.clone(), false)))
            })
            .collect();
        for (at, cue, danger) in written {
            let signal = if danger { Signal::Danger(at) } else { Signal::Block(at) };
            detector.add(lexicon, &cue, signal);
        }
        for cue in detector.signs.urgent.clone() {
            detector.add(lexicon, &cue, Signal::Urgent);
        }
        for cue in detector.signs.errand.clone() {
            detector.add(lexicon, &cue, Signal::Errand);
        }
        for (at, group) in detector.signs.group.clone().into_iter().enumerate() {
            for cue in &group.cues {
                detector.add(lexicon, cue, Signal::Sign(at));
            }
        }
        detector
    }

    fn add(&mut self, lexicon: &Lexicon, cue: &str, signal: Signal) {
        // The owner is the cue's own number: what it signals is looked up.
        let owner = u32::try_from(self.signals.len()).unwrap_or(u32::MAX);
        self.cues.add(lexicon, owner, cue);
        self.signals.push(signal);
    }

    fn signal(&self, hit: &Hit) -> Option<Signal> {
        let at = usize::try_from(hit.owner).ok()?;
        self.signals.get(at).copied()
    }

    /// What the learned sense goes by.
    fn terms(&self, analysis: &Analysis, bag: &Bag, hits: &[Hit]) -> Terms {
        let mut seen: Vec<Signal> = hits.iter().filter_map(|hit| self.signal(hit)).collect();
        seen.sort_unstable();
        seen.dedup();
        let danger = seen.iter().any(|one| matches!(one, Signal::Danger(_)));
        let signs = seen.iter().filter(|one| matches!(one, Signal::Sign(_))).count();
        let id = |at: usize| self.emergencies.get(at).map_or("", |one| one.id.as_str());
        let mut names: Vec<String> = Vec::with_capacity(seen.len() + 4);
        for one in seen {
            let (name, with_danger) = match one {
                Signal::Danger(at) => (format!("danger {}", id(at)), false),
                Signal::Block(at) => (format!("block {}", id(at)), false),
                Signal::Sign(at) => (format!("sign {at}"), false),
                Signal::Calm => ("calm".to_owned(), danger),
                Signal::Now => ("now".to_owned(), danger),
                Signal::Urgent => ("urgent".to_owned(), danger),
                Signal::Errand => ("errand".to_owned(), danger),
            };
            if with_danger {
                names.push(format!("danger and {name}"));
            }
            names.push(name);
        }
        names.extend(danger.then(|| "danger".to_owned()));
        names.extend((signs > 1).then(|| "two signs".to_owned()));
        names.extend((signs > 2).then(|| "three signs".to_owned()));
        learned::terms(analysis, bag, &names)
    }

    /// The emergency that the message tells of, when it does; `needs` are the cues of needs in it.
    #[must_use]
    pub fn find(&self, analysis: &Analysis, bag: &Bag, needs: &[Hit]) -> Option<&Emergency> {
        let hits = self.cues.matches(analysis);
        let terms = self.terms(analysis, bag, &hits);
        let danger = self.sense.danger(&terms);
        let nothing = || danger.max(self.in_a_story(analysis) - STORY) < NOTHING;
        let cued = self.cued(&hits).filter(|_| !nothing());
        cued.or_else(|| {
            let kinds = self.emergencies.iter().zip(self.sense.kinds(&terms));
            // The one kind of which 112 is the wrong number must be clear.
            let kinds =
                kinds.filter(|(one, likely)| *likely > 0.0 || one.numbers.first().is_some_and(|first| first == "112"));
            let likeliest = kinds.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(one, _)| one);
            let aside = needs.iter().any(|hit| hit.weight >= ELSE);
            likeliest.filter(|_| danger > if aside { ALARM_ASIDE } else { ALARM })
        })
    }

    /// How dangerous two neighbouring sentences of a long message are at most: a story around it makes it no smaller.
    fn in_a_story(&self, analysis: &Analysis) -> f32 {
        let sentences = analysis.tokens.last().map_or(0, |token| token.sentence + 1);
        let firsts = 0..sentences.saturating_sub(1);
        let firsts = firsts.take(if sentences < SENTENCES { 0 } else { 40 });
        let within = |first: usize| {
            let part = analysis.part(|sentence| sentence == first || sentence == first + 1);
            self.sense
                .danger(&self.terms(&part, &index::bag(&part), &self.cues.matches(&part)))
        };
        firsts.map(within).fold(f32::MIN, f32::max)
    }

    /// The emergency that cues or signs tell of.
    fn cued(&self, hits: &[Hit]) -> Option<&Emergency> {
        let signal = |hit: &Hit| self.signal(hit);
        let has = |wanted: Signal| hits.iter().any(|hit| signal(hit) == Some(wanted));
        let within = |wanted: Signal| {
            let of = hits.iter().filter(|hit| signal(hit) == Some(wanted));
            of.fold(0, |all, hit| all | hit.sentences)
        };
        let (calm, now) = (within(Signal::Calm), within(Signal::Now));
        // "För två veckor sedan brann det. Nu vill jag ha ersättning": a sentence that says that it is over is not made
        // urgent by what another one says about now.
        let over = |danger: u64| {
            let together = calm & danger & !now;
            calm != 0 && (now == 0 || together.count_ones() > 0 && danger & now == 0)
        };
        let strong = |hit: &&Hit| hit.weight > 0.6 && is_close(hit.sentences);
        let plain = hits.iter().filter(strong).find_map(|hit| {
            let Some(Signal::Danger(at)) = signal(hit) else {
                return None;
            };
            let emergency = self.emergencies.get(at)?;
            // Thoughts of suicide are answered at once whenever they were had.
            let spared = over(hit.sentences) && emergency.id != "suicidal";
            (!spared && !has(Signal::Block(at))).then_some(emergency)
        });
        let waits = calm != 0 || has(Signal::Errand);
        plain.or_else(|| {
            if waits {
                None
            } else {
                self.signs(&within, has(Signal::Urgent))
            }
        })
    }

    /// The emergency whose signs count most, when all signs together are enough.
    fn signs(&self, within: &dyn Fn(Signal) -> u64, urgent: bool) -> Option<&Emergency> {
        // Within three neighbouring sentences: what stands far apart in a long story has nothing to do with each other.
        let blocked = |group: &SignGroup| {
            let at = self.emergencies.iter().position(|one| one.id == group.emergency);
            at.is_some_and(|at| within(Signal::Block(at)) != 0)
        };
        let window = (0..62).map(|first| 7_u64 << first).find_map(|window| {
            let found = |at: usize| within(Signal::Sign(at)) & window != 0;
            let groups = || {
                (0..)
                    .zip(&self.signs.group)
                    .filter(|(at, _)| found(*at))
                    .map(|(_, group)| group)
                    .filter(|group| !blocked(group))
            };
            let points: u32 = groups().map(|group| group.points).sum();
            let most = groups().map(|group| group.points).max()?;
            // A strong sign is needed: many weak ones are still only a story. The order of the file settles a tie.
            let sum = points + u32::from(urgent);
            let enough = sum >= self.signs.needed && (most > 1 || sum > self.signs.needed);
            enough.then(|| groups().find(|group| group.points == most)).flatten()
        });
        let group = window?;
        self.emergencies.iter().find(|one| one.id == group.emergency)
    }
}

/// Whether the sentences that a cue was found in stand beside each other, or nearly: what is said far apart in a long story
/// has nothing to do with each other.
fn is_close(sentences: u64) -> bool {
    let last = u64::BITS - sentences.leading_zeros();
    last.saturating_sub(sentences.trailing_zeros()) <= CLOSE
}
