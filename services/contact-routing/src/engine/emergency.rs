//! Whether somebody writes about a danger that goes on now; it is answered before anything else.

use crate::data::signals::{Emergencies, Emergency};
use crate::engine::cue::{Cues, Hit};
use crate::text::lexicon::{Analysis, Lexicon};

/// Which kind of signal a cue is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signal {
    Danger(usize),
    Block(usize),
    Calm,
    Now,
}

/// Recognises emergencies.
pub struct Detector {
    emergencies: Vec<Emergency>,
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
        let over = has(Signal::Calm) && !has(Signal::Now);
        hits.iter().filter(|hit| hit.weight > 0.6).find_map(|hit| {
            let Some(Signal::Danger(at)) = signal(hit) else {
                return None;
            };
            let emergency = self.emergencies.get(at)?;
            // Thoughts of suicide are answered at once whenever they were had.
            let spared = over && emergency.id != "suicidal";
            (!spared && !has(Signal::Block(at))).then_some(emergency)
        })
    }
}
