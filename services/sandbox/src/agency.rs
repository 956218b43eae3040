//! The simulated agencies and their habits. One table: a new agency is a new row.

use std::time::Duration;

/// In which form an agency answers about cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The national *Mina ärenden* 6.1 form: `POST /kundhandelseFragaSynkron`.
    MinaArenden61,
    /// A form that follows the national REST profile: `GET /cases`.
    Cases,
    /// A municipality's own form: `GET /errands`.
    Errands,
}

impl Form {
    /// The form's name in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinaArenden61 => "minaArenden61",
            Self::Cases => "cases",
            Self::Errands => "errands",
        }
    }
}

/// How an agency's system writes what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Writing {
    /// As JSON is written today: UTF-8, times in UTC, everything that was asked for at once.
    Plain,
    /// As it was when the system was built: Latin-1, times in Swedish time in the basic form of ISO 8601
    /// (`20261123T110000+0100`), and two events at a time whatever is asked for.
    Old,
}

/// A simulated agency.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Agency {
    /// Its id, also its organisation's.
    pub id: &'static str,
    /// Its name; says that it is not a real one.
    pub name_sv: &'static str,
    /// The same in English.
    pub name_en: &'static str,
    /// In which form it answers.
    pub form: Form,
    /// What it calls the person it deals with, in Swedish and English.
    pub relation_term: (&'static str, &'static str),
    /// Whether it also tells of changes by itself, as CloudEvents.
    pub pushes: bool,
    /// How its system writes.
    pub writes: Writing,
    /// The services whose rules it publishes.
    pub rules: &'static [&'static str],
    /// How long it takes at least to answer.
    pub(crate) slowest: Duration,
    /// How long it takes at most.
    pub(crate) quickest: Duration,
}

impl Agency {
    /// Every agency there is.
    pub const ALL: &'static [Self] = &[
        Self {
            id: "studiestodsverket",
            name_sv: "Studiestödsverket (sandlåda)",
            name_en: "Study Support Agency (sandbox)",
            form: Form::MinaArenden61,
            relation_term: ("kund", "customer"),
            pushes: false,
            writes: Writing::Plain,
            rules: &[],
            quickest: Duration::from_millis(5),
            slowest: Duration::from_millis(25),
        },
        Self {
            id: "exempelby",
            name_sv: "Exempelby kommun (sandlåda)",
            name_en: "Exempelby Municipality (sandbox)",
            form: Form::Errands,
            relation_term: ("sökande", "applicant"),
            pushes: false,
            writes: Writing::Plain,
            rules: &["bygglov"],
            quickest: Duration::from_millis(10),
            slowest: Duration::from_millis(40),
        },
        Self {
            id: "pensionsverket",
            name_sv: "Pensionsverket (sandlåda)",
            name_en: "Pension Agency (sandbox)",
            form: Form::Cases,
            relation_term: ("pensionssparare", "pension saver"),
            pushes: false,
            writes: Writing::Plain,
            rules: &[],
            quickest: Duration::from_millis(300),
            slowest: Duration::from_millis(800),
        },
        Self {
            id: "indrivningsverket",
            name_sv: "Indrivningsverket (sandlåda)",
            name_en: "Debt Collection Agency (sandbox)",
            form: Form::MinaArenden61,
            // Nobody is a customer here by choice.
            relation_term: ("den som ska betala", "the person who owes"),
            pushes: false,
            writes: Writing::Plain,
            rules: &[],
            quickest: Duration::from_millis(10),
            slowest: Duration::from_millis(30),
        },
        Self {
            id: "skattekontoret",
            name_sv: "Skattekontoret (sandlåda)",
            name_en: "Tax Office (sandbox)",
            form: Form::MinaArenden61,
            relation_term: ("skattebetalare", "taxpayer"),
            pushes: true,
            writes: Writing::Plain,
            rules: &[],
            quickest: Duration::from_millis(5),
            slowest: Duration::from_millis(20),
        },
        Self {
            id: "region-exempelland",
            name_sv: "Region Exempelland (sandlåda)",
            name_en: "Region Exempelland (sandbox)",
            form: Form::Cases,
            relation_term: ("patient", "patient"),
            pushes: false,
            writes: Writing::Plain,
            rules: &[],
            quickest: Duration::from_millis(20),
            slowest: Duration::from_millis(60),
        },
        Self {
            id: "familjekassan",
            name_sv: "Familjekassan (sandlåda)",
            name_en: "Family Benefits Office (sandbox)",
            form: Form::MinaArenden61,
            relation_term: ("förälder", "parent"),
            pushes: false,
            writes: Writing::Old,
            rules: &[],
            quickest: Duration::from_millis(15),
            slowest: Duration::from_millis(50),
        },
    ];

    /// The agency with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|agency| agency.id == id)
    }
}
