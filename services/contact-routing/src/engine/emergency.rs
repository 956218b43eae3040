//! Whether somebody writes about a danger that goes on now; it is answered before anything else.

use crate::data::signals::{Emergencies, Emergency, SignGroup, Signs};
use crate::engine::cue::{Cues, Hit};
use crate::text::lexicon::{Analysis, Lexicon};

/// Which kind of signal a cue is.
#[derive(Clone, Copy, PartialEq, Eq)]
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
}

impl Detector {
    /// A detector of these emergencies.
    #[must_use]
    pub fn new(lexicon: &Lexicon, file: Emergencies) -> Self {
        let mut detector = Self {
            cues: Cues::strict(),
            signals: Vec::new(),
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

    /// The emergency that the message tells of, when it does.
    #[must_use]
    pub fn find(&self, analysis: &Analysis) -> Option<&Emergency> {
        let hits = self.cues.matches(analysis);
        let signal = |hit: &Hit| {
            usize::try_from(hit.owner)
                .ok()
                .and_then(|at| self.signals.get(at))
                .copied()
        };
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
        let plain = hits.iter().filter(|hit| hit.weight > 0.6).find_map(|hit| {
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
