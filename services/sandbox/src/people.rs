//! The people of the sandbox. None of them exists, and none can be taken for somebody who does.

use std::fmt;

use uuid::Uuid;

use crate::random::Random;

/// The seed that is used unless another is given.
pub const DEFAULT_SEED: u64 = 2026;

/// How many people there are beside those with names below.
const EXTRAS: usize = 18;

/// Names the parties of the sandbox; the number itself means nothing.
const PARTY_NAMESPACE: Uuid = Uuid::from_u128(0x5a4d_1b9e_0f6c_4c55_9f0e_7b1d_20e6_0001);

/// A synthetic person.
#[derive(Clone, Debug)]
pub struct Person {
    /// What one writes to be this person, such as `alva`.
    pub key: String,
    /// Their name.
    pub name: String,
    /// How old they are in the story.
    pub age: u8,
    /// The opaque id that everyone but the agencies knows them by.
    pub party_id: Uuid,
    /// What agencies know them by. Never leaves a call to an agency.
    pub number: PersonNumber,
    /// Whether the person's data are protected: nobody is to be shown where they are.
    pub protected: bool,
    /// Whether the person runs a business under their own number.
    pub sole_trader: bool,
    /// Whether it is a company, which people act for and nobody logs in as.
    pub company: bool,
    /// Whether the person has a case with every agency; the one to show things with.
    pub(crate) everywhere: bool,
}

/// What lets one party act for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    /// Somebody who has custody of a child (`vårdnadshavare`).
    Guardian,
    /// Somebody who signs for a company (`firmatecknare`, `ombud`).
    Representative,
    /// Somebody who stands closest to a person. It gives no right to act: it says whom to turn to.
    NextOfKin,
}

impl RelationKind {
    /// Its name in the party register.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::Representative => "representative",
            Self::NextOfKin => "nextOfKin",
        }
    }

    /// Whether it lets the one act for the other.
    #[must_use]
    pub fn may_act(self) -> bool {
        match self {
            Self::Guardian | Self::Representative => true,
            Self::NextOfKin => false,
        }
    }
}

/// A relation of a person to another party.
#[derive(Clone, Debug)]
pub struct Relation {
    /// What it is.
    pub kind: RelationKind,
    /// Whom it is about.
    pub party_id: Uuid,
    /// Their name.
    pub name: String,
    /// Their number; of a company `16` and its organisation number, as agencies write it.
    pub number: PersonNumber,
}

/// Who stands in which relation to whom, by keys.
const RELATIONS: [(&str, RelationKind, &str); 5] = [
    ("alva", RelationKind::Guardian, "gry"),
    ("alva", RelationKind::Guardian, "hugo"),
    ("bo", RelationKind::Guardian, "gry"),
    ("bo", RelationKind::Representative, COMPANY.0),
    ("kerstin", RelationKind::NextOfKin, "cilla"),
];

/// The company of the sandbox: its key and its name.
const COMPANY: (&str, &str) = ("provbolaget", "Provbolaget AB");

/// The relations of the person with this key.
pub(crate) fn relations(people: &[Person], key: &str) -> Vec<Relation> {
    let of = |(_, kind, to): &(&str, RelationKind, &str)| {
        let other = people.iter().find(|person| person.key == *to)?;
        Some(Relation {
            kind: *kind,
            party_id: other.party_id,
            name: other.name.clone(),
            number: other.number.clone(),
        })
    };
    RELATIONS
        .iter()
        .filter(|(from, ..)| *from == key)
        .filter_map(of)
        .collect()
}

fn party_id(seed: u64, key: &str) -> Uuid {
    Uuid::new_v5(&PARTY_NAMESPACE, format!("{seed}/{key}").as_bytes())
}

/// A synthetic person number: twelve digits with a right check digit and a birth year in the 1890s, so that it
/// passes every test of form and belongs to nobody alive. It is kept out of `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNumber(String);

impl PersonNumber {
    /// The twelve digits, for a call to an agency and for tests that look for leaks.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Of a company: no series of organisation numbers begins with 9999.
    fn of_company() -> Self {
        let nine = "999900001";
        Self(format!("16{nine}{}", check_digit(nine)))
    }

    fn made(random: &mut Random, serial: usize) -> Self {
        let (year, month, day) = (1890 + random.below(10), 1 + random.below(12), 1 + random.below(28));
        // 980-999 is the range that the tax agency sets aside for tests; the serial keeps numbers apart.
        let nine = format!("{:02}{month:02}{day:02}{}", year % 100, 980 + serial % 20);
        Self(format!("{}{nine}{}", year / 100, check_digit(&nine)))
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonNumber(..)")
    }
}

/// The Luhn check digit over the nine digits before it.
fn check_digit(nine: &str) -> u32 {
    let sum: u32 = nine
        .chars()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit * 2 } else { digit })
        .map(|product| product / 10 + product % 10)
        .sum();
    (10 - sum % 10) % 10
}

/// Everyone in the sandbox with the default seed: the list that tests look for in what must not hold it.
#[must_use]
pub fn people() -> Vec<Person> {
    of_seed(DEFAULT_SEED)
}

/// Everyone in the sandbox with this seed.
pub(crate) fn of_seed(seed: u64) -> Vec<Person> {
    const NAMED: [(&str, &str, u8); 6] = [
        ("alva", "Alva Exempel", 34),
        ("bo", "Bo Provkvist", 58),
        ("cilla", "Cilla Testberg", 71),
        ("dario", "Dario Mönster", 29),
        ("elin", "Elin Skenström", 23),
        ("farid", "Farid Låtsas", 45),
    ];
    // Whoever comes later stands last, so that everybody before keeps their number.
    const LATER: [(&str, &str, u8); 5] = [
        ("gry", "Gry Exempel", 9),
        ("hugo", "Hugo Exempel", 16),
        ("ines", "Ines Snickardotter", 41),
        ("joar", "Joar Skyddad", 37),
        ("kerstin", "Kerstin Testberg", 46),
    ];
    let mut random = Random::of(seed, &["people"]);
    let named = NAMED
        .into_iter()
        .map(|(key, name, age)| (key.to_owned(), name.to_owned(), age));
    let extras = (1..=EXTRAS).map(|at| {
        let age = u8::try_from(18 + Random::of(seed, &["age", &at.to_string()]).below(70)).unwrap_or(18);
        (format!("person{at}"), format!("Påhittad Person {at}"), age)
    });
    let later = LATER
        .into_iter()
        .map(|(key, name, age)| (key.to_owned(), name.to_owned(), age));
    let company = Person {
        party_id: party_id(seed, COMPANY.0),
        number: PersonNumber::of_company(),
        everywhere: false,
        protected: false,
        sole_trader: false,
        company: true,
        key: COMPANY.0.to_owned(),
        name: COMPANY.1.to_owned(),
        age: 0,
    };
    let people = named.chain(extras).chain(later).enumerate();
    people
        .map(|(serial, (key, name, age))| Person {
            party_id: party_id(seed, &key),
            number: PersonNumber::made(&mut random, serial),
            everywhere: key == "alva",
            protected: key == "joar",
            sole_trader: key == "ines",
            company: false,
            key,
            name,
            age,
        })
        // Last, so that everybody before keeps their number.
        .chain([company])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_are_well_formed_and_belong_to_nobody_alive() {
        // The tax agency's published test number 18900101-9802 shows that the check digit is right.
        assert_eq!(check_digit("900101980"), 2);
        for person in people().into_iter().filter(|person| !person.company) {
            let digits = person.number.digits();
            assert_eq!(digits.len(), 12);
            assert!(digits.starts_with("189"), "the birth year must be in the 1890s");
            assert!(("980".."999").contains(&&digits[8..11]) || &digits[8..11] == "999");
        }
    }

    #[test]
    fn everyone_is_somebody_else_and_the_same_each_time() {
        let numbers: HashSet<_> = people().iter().map(|p| p.number.digits().to_owned()).collect();
        let parties: HashSet<_> = people().iter().map(|p| p.party_id).collect();
        assert_eq!((numbers.len(), parties.len()), (people().len(), people().len()));
        assert_eq!(people()[0].party_id, people()[0].party_id);
        assert_ne!(of_seed(1)[0].party_id, of_seed(2)[0].party_id);
    }

    #[test]
    fn a_next_of_kin_stands_close_and_may_not_act() {
        let people = people();
        let acting = |key| -> Vec<String> {
            let relations = relations(&people, key).into_iter();
            relations.filter(|one| one.kind.may_act()).map(|one| one.name).collect()
        };
        assert_eq!(acting("alva"), ["Gry Exempel", "Hugo Exempel"]);
        assert_eq!(acting("bo"), ["Gry Exempel", "Provbolaget AB"]);
        assert!(acting("kerstin").is_empty());
        assert_eq!(relations(&people, "kerstin")[0].name, "Cilla Testberg");
    }

    #[test]
    fn a_number_never_shows_in_debug_output() {
        let person = &people()[0];
        assert!(!format!("{person:?}").contains(person.number.digits()));
    }
}
