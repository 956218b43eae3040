//! What the cases of each agency are about, and how they go.

use crate::story::{Beat, Plot};

/// A kind of case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Whose it is.
    pub(crate) agency: &'static str,
    /// The agency's service.
    pub(crate) service: &'static str,
    /// The first parts of the event types (`PREFIX.AREA`).
    pub(crate) event_prefix: &'static str,
    /// The first part of references.
    pub(crate) reference_prefix: &'static str,
    /// What it is called, in Swedish and English.
    pub(crate) title: (&'static str, &'static str),
    /// What the person may have to send: code, Swedish, English.
    pub(crate) document: (&'static str, &'static str, &'static str),
    /// Who else may have to say something, in Swedish and English.
    pub(crate) other: (&'static str, &'static str),
    /// How many days the law gives, when it does.
    pub(crate) legal_days: Option<i64>,
    /// Whether the person acts for a child of theirs.
    pub(crate) guardian: bool,
}

/// Every kind of case there is.
pub(crate) const TEMPLATES: &[Template] = &[
    Template {
        agency: "studiestodsverket",
        service: "studiemedel",
        event_prefix: "STUDIE.STUDIEMEDEL",
        reference_prefix: "SM",
        title: ("Ansökan om studiemedel", "Application for student aid"),
        document: ("studieintyg", "Intyg om antagning", "Certificate of admission"),
        other: ("skolan", "the school"),
        legal_days: None,
        guardian: false,
    },
    Template {
        agency: "exempelby",
        service: "bygglov",
        event_prefix: "BYGG.BYGGLOV",
        reference_prefix: "BYGG",
        title: ("Bygglov för uteplats med tak", "Building permit for a roofed patio"),
        document: ("situationsplan", "Situationsplan", "Site plan"),
        other: ("grannarna", "the neighbours"),
        legal_days: Some(70),
        guardian: false,
    },
    Template {
        agency: "pensionsverket",
        service: "pensionsratt",
        event_prefix: "PENSION.ALLMAN",
        reference_prefix: "PV",
        title: ("Kontroll av pensionsrätt", "Review of pension rights"),
        document: ("utlandsarbete", "Uppgift om arbete utomlands", "Record of work abroad"),
        other: (
            "pensionsmyndigheten i ett annat land",
            "the pension authority of another country",
        ),
        legal_days: None,
        guardian: false,
    },
    Template {
        agency: "indrivningsverket",
        service: "betalningsforelaggande",
        event_prefix: "INDRIV.FORELAGGANDE",
        reference_prefix: "IV",
        title: ("Betalningsföreläggande", "Order for payment"),
        document: ("bestridande", "Svar på föreläggandet", "Answer to the order"),
        other: ("den som vill ha betalt", "the creditor"),
        legal_days: None,
        guardian: false,
    },
    Template {
        agency: "skattekontoret",
        service: "inkomstdeklaration",
        event_prefix: "SKATT.INKOMST",
        reference_prefix: "SK",
        title: ("Omprövning av slutlig skatt", "Reassessment of final tax"),
        document: (
            "underlag-avdrag",
            "Underlag för avdraget",
            "Documents for the deduction",
        ),
        other: ("arbetsgivaren", "the employer"),
        legal_days: Some(90),
        guardian: false,
    },
    Template {
        agency: "region-exempelland",
        service: "remiss-barn",
        event_prefix: "REGION.VARD",
        reference_prefix: "RE",
        title: ("Remiss till barnläkare", "Referral to a paediatrician"),
        document: ("halsodeklaration", "Hälsodeklaration", "Health form"),
        other: ("vårdcentralen", "the health centre"),
        legal_days: Some(90),
        guardian: true,
    },
    Template {
        agency: "familjekassan",
        service: "foraldrapenning",
        event_prefix: "FAMILJ.FORALDRAPENNING",
        reference_prefix: "FK",
        title: ("Ansökan om föräldrapenning", "Application for parental benefit"),
        document: (
            "moderskapsintyg",
            "Intyg om beräknad födelse",
            "Certificate of expected birth",
        ),
        other: ("arbetsgivaren", "the employer"),
        legal_days: None,
        guardian: false,
    },
];

/// How stories go. Whoever has a case everywhere meets them in the order of the templates above.
pub(crate) const PLOTS: &[Plot] = &[
    &[
        (-24, Beat::Received),
        (-19, Beat::InProgress),
        (12, Beat::Granted),
        (40, Beat::Closed),
    ],
    &[
        (-41, Beat::Received),
        (-30, Beat::InProgress),
        (-6, Beat::NeedsPerson { days_left: 20 }),
    ],
    &[
        (-3, Beat::Received),
        (4, Beat::InProgress),
        (30, Beat::Granted),
        (60, Beat::Closed),
    ],
    &[
        (-62, Beat::Received),
        (-50, Beat::InProgress),
        (-35, Beat::NeedsOther),
        (10, Beat::InProgress),
    ],
    &[
        (-90, Beat::Received),
        (-75, Beat::InProgress),
        (-11, Beat::Granted),
        (18, Beat::Closed),
    ],
    &[
        (-120, Beat::Received),
        (-100, Beat::InProgress),
        (-9, Beat::Rejected),
        (21, Beat::Closed),
    ],
    &[
        (-200, Beat::Received),
        (-180, Beat::InProgress),
        (-150, Beat::Granted),
        (-128, Beat::Closed),
    ],
];
