//! The whole simulated world: who is there, what cases they have, and what each agency knows them by.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::agency::{Agency, Form};
use crate::people::{self, Person, Relation, RelationKind};
use crate::random::Random;
use crate::story::{Story, days_after};
use crate::template::{PLOTS, TEMPLATES, Template};

/// The one agency where minors have cases of their own.
const CARE_OF_CHILDREN: &str = "region-exempelland";
/// From this age on a person has cases of their own everywhere.
const GROWN_UP: u8 = 18;
/// The one agency where companies have cases.
const TAXES: &str = "skattekontoret";

/// The simulated world. Made once, never changed; time passes in it.
#[derive(Debug)]
pub(crate) struct World {
    people: Vec<Person>,
    seed: u64,
    first_day: Timestamp,
    /// A moment that stands still, for tests.
    fixed_now: Option<Timestamp>,
    /// How far the world's clock has been put forward, in seconds.
    ahead: AtomicI64,
    /// Agency and its own reference of a person, to the person's place in the list.
    by_identifier: HashMap<(&'static str, String), usize>,
}

impl World {
    /// The world of a seed, whose stories are told around `first_day`. With `fixed` time stands still there.
    pub(crate) fn new(seed: u64, first_day: Timestamp, fixed: bool) -> Self {
        let people = people::of_seed(seed);
        let by_identifier = Agency::ALL
            .iter()
            .flat_map(|agency| {
                people
                    .iter()
                    .enumerate()
                    .map(move |(at, person)| ((agency.id, identifier(seed, agency, person)), at))
            })
            .collect();
        Self {
            people,
            seed,
            first_day,
            fixed_now: fixed.then_some(first_day),
            ahead: AtomicI64::new(0),
            by_identifier,
        }
    }

    /// The time in the world.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.fixed_now.unwrap_or_else(Timestamp::now);
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        now.saturating_add(ahead).unwrap_or(now)
    }

    /// Puts the world's clock forward, so that what lies ahead happens.
    pub(crate) fn put_forward(&self, days: u16) {
        let seconds = i64::from(days) * 24 * 3600;
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The person whom `agency` knows by `identifier`.
    pub(crate) fn person_of(&self, agency: &'static Agency, identifier: &str) -> Option<&Person> {
        self.by_identifier
            .get(&(agency.id, identifier.to_owned()))
            .and_then(|at| self.people.get(*at))
    }

    /// What `agency` knows somebody else by: the next after whom it knows by `identifier` who has a case with it.
    pub(crate) fn another(&self, agency: &'static Agency, identifier: &str) -> Option<String> {
        let at = *self.by_identifier.get(&(agency.id, identifier.to_owned()))?;
        let others = self
            .people
            .iter()
            .cycle()
            .skip(at + 1)
            .take(self.people.len().saturating_sub(1));
        others
            .filter(|other| {
                self.stories(agency, other)
                    .iter()
                    .any(|story| !story.so_far(self.now()).is_empty())
            })
            .find_map(|other| self.identifier(agency, other.party_id))
    }

    /// Everybody who can have cases: people, and at the end companies.
    pub(crate) fn parties(&self) -> &[Person] {
        &self.people
    }

    /// Everybody who can log in.
    pub(crate) fn people(&self) -> &[Person] {
        let end = self.people.iter().position(|party| party.company);
        self.people.get(..end.unwrap_or(self.people.len())).unwrap_or_default()
    }

    /// Somebody who can log in.
    pub(crate) fn person_by_key(&self, key: &str) -> Option<&Person> {
        self.people().iter().find(|person| person.key == key)
    }

    /// The party with this person number.
    pub(crate) fn party_of_number(&self, number: &str) -> Option<Uuid> {
        let person = self.people.iter().find(|person| person.number.digits() == number)?;
        Some(person.party_id)
    }

    /// In what relations a party stands to others.
    pub(crate) fn relations(&self, party: Uuid) -> Vec<Relation> {
        let person = self.people.iter().find(|person| person.party_id == party);
        person
            .map(|person| people::relations(&self.people, &person.key))
            .unwrap_or_default()
    }

    /// Whether whom `agency` knows by `identifier` is a child.
    pub(crate) fn is_minor(&self, agency: &'static Agency, identifier: &str) -> bool {
        self.person_of(agency, identifier)
            .is_some_and(|person| !person.company && person.age < GROWN_UP)
    }

    /// What `agency` knows a child by whom the person whom it knows by `identifier` is a guardian of.
    pub(crate) fn child_of(&self, agency: &'static Agency, identifier: &str) -> Option<String> {
        let guardian = self.person_of(agency, identifier)?;
        let relations = people::relations(&self.people, &guardian.key);
        let mut children = relations.iter().filter(|one| one.kind == RelationKind::Guardian);
        children.find_map(|child| self.identifier(agency, child.party_id))
    }

    /// What `agency` knows the party by; none when the agency has nothing to do with them.
    pub(crate) fn identifier(&self, agency: &Agency, party: Uuid) -> Option<String> {
        let person = self.people.iter().find(|person| person.party_id == party)?;
        (!self.stories(agency, person).is_empty()).then(|| identifier(self.seed, agency, person))
    }

    /// The cases of the person whom `agency` knows by `identifier`.
    pub(crate) fn stories_of(&self, agency: &'static Agency, identifier: &str) -> Vec<Story> {
        self.person_of(agency, identifier)
            .map(|person| self.stories(agency, person))
            .unwrap_or_default()
    }

    /// The cases that a person has with an agency.
    pub(crate) fn stories(&self, agency: &Agency, person: &Person) -> Vec<Story> {
        let mut random = Random::of(self.seed, &["stories", agency.id, &person.key]);
        TEMPLATES
            .iter()
            .filter(|template| template.agency == agency.id)
            .filter(|_| match (person.company, person.age) {
                (true, _) => agency.id == TAXES,
                (false, ..GROWN_UP) => agency.id == CARE_OF_CHILDREN,
                (false, _) => true,
            })
            .flat_map(|template| {
                let count = if person.everywhere || person.age < GROWN_UP {
                    1
                } else {
                    random.below(3)
                };
                (0..count)
                    .map(|at| self.story(template, person, &mut random, at))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn story(&self, template: &'static Template, person: &Person, random: &mut Random, at: u64) -> Story {
        // The middle looks random; the person's place in the list keeps references apart.
        let place = self
            .people
            .iter()
            .position(|other| other.key == person.key)
            .unwrap_or(0);
        let number = format!("{}{place:02}{at}", random.below(90) + 10);
        let chosen = usize::try_from(random.below(PLOTS.len() as u64)).unwrap_or(0);
        // Whoever has a case everywhere meets each agency in a different state, one after the other.
        let chosen = match TEMPLATES.iter().position(|other| other == template) {
            Some(position) if person.everywhere => position,
            _ => chosen,
        };
        let plot = PLOTS.get(chosen).or(PLOTS.first()).copied().unwrap_or_default();
        let stages: Vec<_> = plot
            .iter()
            .map(|(day, beat)| beat.stage(self.first_day, *day))
            .collect();
        let started = stages.first().map(|stage| stage.at);
        let year = started.map_or(0, |time| time.to_zoned(jiff::tz::TimeZone::UTC).year());
        Story {
            reference: format!("{}-{year}-{number}", template.reference_prefix),
            template,
            expected_at: started.map(|time| days_after(time, 60)),
            legal_deadline_at: started
                .zip(template.legal_days)
                .map(|(time, days)| days_after(time, days)),
            stages,
        }
    }
}

/// What an agency knows a person by: the person number in the national form, else a reference of its own.
fn identifier(seed: u64, agency: &Agency, person: &Person) -> String {
    match agency.form {
        Form::MinaArenden61 => person.number.digits().to_owned(),
        Form::Cases | Form::Errands => {
            let mut random = Random::of(seed, &["reference", agency.id, &person.key]);
            format!("p{:016x}", random.next())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new(people::DEFAULT_SEED, "2026-11-23T10:00:00Z".parse().unwrap(), true)
    }

    #[test]
    fn alva_has_a_case_with_every_agency() {
        let world = world();
        let alva = world.person_by_key("alva").unwrap();
        for agency in Agency::ALL {
            assert_eq!(world.stories(agency, alva).len(), 1, "{}", agency.id);
        }
    }

    #[test]
    fn the_same_seed_and_day_give_the_same_cases() {
        let tell = |world: &World| {
            let all = |agency| {
                world
                    .people()
                    .iter()
                    .flat_map(move |p| world.stories(agency, p))
                    .collect::<Vec<_>>()
            };
            Agency::ALL
                .iter()
                .map(|agency| format!("{:?}", all(agency)))
                .collect::<Vec<_>>()
        };
        assert_eq!(tell(&world()), tell(&world()));
        assert_ne!(
            tell(&world()),
            tell(&World::new(7, "2026-11-23T10:00:00Z".parse().unwrap(), true))
        );
    }

    #[test]
    fn an_agency_that_has_nothing_to_do_with_a_person_does_not_know_them() {
        let world = world();
        let unknown = Agency::ALL
            .iter()
            .flat_map(|agency| world.people().iter().map(move |person| (agency, person)))
            .find(|(agency, person)| world.stories(agency, person).is_empty())
            .unwrap();
        assert_eq!(world.identifier(unknown.0, unknown.1.party_id), None);
    }

    #[test]
    fn references_are_unique_within_an_agency() {
        let world = world();
        for agency in Agency::ALL {
            let mut all: Vec<_> = world
                .people()
                .iter()
                .flat_map(|p| world.stories(agency, p))
                .map(|story| story.reference)
                .collect();
            let count = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), count, "{}", agency.id);
        }
    }
}
