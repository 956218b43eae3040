//! Places that are named in passing: who told it lives there, it was so there before, one was there for a day. And the
//! other way round: what the message is about stands there.

use crate::text::analysis::Token;

/// People and offices that tell of what they know or have had where they are.
const TELLERS: &[&str] = &[
    "syster",
    "syrran",
    "bror",
    "brorsan",
    "kompis",
    "polare",
    "vän",
    "vännen",
    "väninna",
    "kusin",
    "svägerska",
    "svåger",
    "faster",
    "moster",
    "farbror",
    "morbror",
    "kollega",
    "arbetskamrat",
    "granne",
    "bekant",
    "släkting",
    "mamma",
    "pappa",
    "dotter",
    "son",
    "svärmor",
    "svärfar",
    "mormor",
    "farmor",
    "morfar",
    "farfar",
    "ex",
    "mäklaren",
    "mäklare",
    "advokat",
    "advokaten",
    "läkaren",
    "byggaren",
    "snickaren",
    "elektrikern",
    "säljaren",
    "kusinen",
    "systern",
    "brodern",
    "kompisen",
    "nån",
    "någon",
    "familj",
    "par",
    "kvinna",
    "friend",
    "sister",
    "brother",
    "cousin",
    "colleague",
    "neighbour",
    "aunt",
    "uncle",
    "mother",
    "father",
    "mum",
    "dad",
];
/// What they do then: tell, or have had it themselves.
const TELLS: &[&str] = &[
    "sa",
    "säger",
    "sade",
    "sagt",
    "berättade",
    "berättar",
    "tipsade",
    "tipsar",
    "påstår",
    "påstod",
    "hävdar",
    "menar",
    "menade",
    "tyckte",
    "tycker",
    "tror",
    "trodde",
    "vet",
    "visste",
    "skrev",
    "lovade",
    "rekommenderade",
    "rekommenderar",
    "fick",
    "slapp",
    "hade",
    "gjorde",
    "betalade",
    "betalar",
    "told",
    "says",
    "said",
    "thinks",
    "got",
    "had",
    "claims",
];
/// "har färdtjänst", "har fått": whoever has it need not ask for it.
const HAS: &[&str] = &["har", "has"];
/// Before "i Lund": it is compared with, or was so in the past.
const COMPARES: &[&str] = &["skillnad", "jämfört", "än", "like", "than", "unlike", "compared"];
/// Which compares only right before "i Lund": a witness is "kallad som vittne i Lund".
const AS: &str = "som";
const PAST: &[&str] = &[
    "bodde",
    "bott",
    "växte",
    "uppvuxen",
    "uppvuxna",
    "förut",
    "tidigare",
    "förr",
    "lived",
    "grew",
    "läste",
    "hörde",
    "såg",
    "väg",
    "bröllop",
    "konsert",
    "match",
    "mässa",
    "begravning",
    "kurs",
    "fest",
    "åkte",
    "reste",
    "körde",
    "wedding",
    "read",
    "flyttat",
    "flyttade",
    "gymnasietiden",
    "studietiden",
    "lumpen",
    "pluggade",
    "pluggar",
];
/// After "i Lund": how they do it there.
const THEY: &[&str] = &[
    "plogar", "plogas", "sandar", "får", "fick", "kan", "kunde", "var", "hade", "gick", "finns", "fanns", "gör",
    "gjorde", "är",
];
const THERE: &[&str] = &["de", "dom", "man", "det", "vi", "jag", "you", "they"];
/// Who asks about the place where they are: "men vår gata", "här".
const HERE: &[&str] = &["här", "hemma", "here", "hos"];
/// What stands on its own ground.
const PROPERTY: &[&str] = &[
    "stuga",
    "stugan",
    "sommarstuga",
    "sommarstugan",
    "fjällstuga",
    "fjällstugan",
    "fritidshus",
    "fritidshuset",
    "sommarhus",
    "sommarhuset",
    "lantställe",
    "lantstället",
    "landställe",
    "landet",
    "torp",
    "torpet",
    "tomt",
    "tomten",
    "hus",
    "huset",
    "villa",
    "villan",
    "radhus",
    "radhuset",
    "gård",
    "gården",
    "fastighet",
    "fastigheten",
    "kolonilott",
    "kolonistuga",
    "mark",
    "marken",
    "skog",
    "skogen",
    "åker",
    "brygga",
    "bryggan",
    "båtplats",
    "båtplatsen",
    "lägenhet",
    "lägenheten",
    "dödsbo",
    "dödsboet",
    "grav",
    "graven",
    "restaurang",
    "restaurangen",
    "kafé",
    "café",
    "salong",
    "cottage",
    "cabin",
    "house",
    "plot",
    "summerhouse",
    "land",
    "flat",
    "apartment",
    "grave",
];

/// Whether a word names what stands on its own ground.
pub(super) fn is_property(word: &str) -> bool {
    PROPERTY.contains(&word)
}

/// "efter trettio år i" Lund: where one was before.
fn is_span(before: &[&str]) -> bool {
    matches!(before, [.., "efter" | "after", _, "år" | "years", "i" | "in"])
}

/// Whether the place at `at` (of `length` words) only comes up on the way.
pub(super) fn is_passed_by(tokens: &[Token], at: usize, length: usize) -> bool {
    let Some(place) = tokens.get(at) else { return false };
    let inside = |token: &&Token| token.sentence == place.sentence;
    let words = |from: usize, to: usize| {
        let of = tokens
            .get(from.min(tokens.len())..to.min(tokens.len()))
            .unwrap_or_default();
        of.iter()
            .filter(inside)
            .map(|token| &*token.norm)
            .collect::<Vec<&str>>()
    };
    let before = words(at.saturating_sub(5), at);
    let after = words(at + length, at + length + 3);
    let near = before.iter().rev().take(3);
    // The house that one lived in is still where it stands.
    if near.clone().any(|word| is_property(word)) {
        return false;
    }
    let teller = near.clone().any(|word| TELLERS.contains(word));
    let tells = after.iter().take(2).any(|word| TELLS.contains(word));
    let has = after.first().is_some_and(|word| HAS.contains(word));
    let second = before.iter().rev().nth(1).copied();
    let compared = (near.clone().any(|word| COMPARES.contains(word)) || second == Some(AS))
        && before
            .last()
            .is_some_and(|word| *word == "i" || *word == "in" || *word == "med" || *word == "to");
    let past = before.iter().any(|word| PAST.contains(word)) || is_span(&before);
    // "I Lund plogar de på en timme, men vår gata ..": what is asked about is another place.
    let opens = before.len() == 1 && after.first().is_some_and(|word| THEY.contains(word));
    let there = after.get(1).is_some_and(|word| THERE.contains(word));
    let elsewhere = tokens
        .iter()
        .skip(at)
        .any(|token| HERE.contains(&&*token.norm) || *token.norm == *"men" || *token.norm == *"but");
    teller && (tells || has) || compared || past || opens && there && elsewhere
}
