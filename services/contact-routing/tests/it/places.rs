//! The place that the matter is about decides, wherever the person lives.

use contact_routing::engine::{Outcome, Question};
use contact_routing::text::language::Language;

use crate::ENGINE;

fn asked(cases: &[(&str, Option<&str>, Option<&str>)]) {
    let engine = &*ENGINE;
    for (text, municipality, expected) in cases {
        let question = Question {
            text,
            language: Language::Swedish,
            municipality: *municipality,
        };
        let answer = engine.ask(&question);
        let name = answer.candidates.first().map(|one| one.organisation.name.as_str());
        assert_eq!(name, *expected, "{text}: {:?}", answer.need.map(|need| &need.id));
        if expected.is_none() {
            assert_eq!(answer.outcome, Outcome::AskBack, "{text}");
        }
    }
}

#[test]
fn the_place_of_the_matter_goes_before_the_chosen_municipality() {
    asked(&[
        (
            "Behöver jag bygglov för en altan på stugan i Åre?",
            Some("0180"),
            Some("Åre"),
        ),
        (
            "Vi bor i Lund men har sommarstuga i Simrishamn, krävs bygglov för ett uterum?",
            Some("1281"),
            Some("Simrishamn"),
        ),
        (
            "Min mamma bor i Kalmar och behöver hemtjänst",
            Some("1280"),
            Some("Kalmar"),
        ),
        ("Gatlyktan är trasig i Visby", None, Some("Gotland")),
        (
            "Hur ansöker jag om förskola i Upplands Väsby?",
            None,
            Some("Upplands Väsby"),
        ),
        (
            "Göteborgs kommun, hur söker jag försörjningsstöd?",
            None,
            Some("Göteborg"),
        ),
    ]);
}

#[test]
fn a_place_that_is_only_passed_by_does_not_decide() {
    asked(&[
        (
            "Vi flyttade från Malmö och behöver förskoleplats",
            Some("1283"),
            Some("Helsingborg"),
        ),
        (
            "Jag köpte en kamin i Borås, måste installationen anmälas?",
            Some("0580"),
            Some("Linköping"),
        ),
        (
            "Tomten ligger på berg och mark som ska vara slät, krävs bygglov för garaget?",
            Some("0680"),
            Some("Jönköping"),
        ),
    ]);
}

#[test]
fn without_a_place_a_local_need_asks_back() {
    asked(&[
        ("Krävs det bygglov för en altan?", None, None),
        ("Hur söker jag hemtjänst åt min mamma?", None, None),
    ]);
}

#[test]
fn a_place_named_in_passing_does_not_decide() {
    asked(&[
        (
            "Min syster i Malmö sa att man måste ha bygglov för en altan, stämmer det?",
            Some("0180"),
            Some("Stockholm"),
        ),
        (
            "En kompis i Göteborg fick förskoleplats på två veckor, hur lång är kön här?",
            Some("1281"),
            Some("Lund"),
        ),
        (
            "Min kusin i Umeå har färdtjänst och tycker att det är toppen, hur söker jag färdtjänst?",
            Some("1280"),
            Some("Malmö"),
        ),
        (
            "När vi bodde i Uppsala fick barnen skolskjuts, hur ansöker vi om skolskjuts här?",
            Some("0580"),
            Some("Linköping"),
        ),
        (
            "Förut bodde jag i Västerås. Hur söker jag hemtjänst?",
            Some("0680"),
            Some("Jönköping"),
        ),
        (
            "Vi var på bröllop i Kalmar i helgen och ingen har hämtat våra sopor sen dess",
            Some("1380"),
            Some("Halmstad"),
        ),
        (
            "I Lund plogar de trottoarerna på en timme, men vår gata är inte plogad än",
            Some("1283"),
            Some("Helsingborg"),
        ),
        (
            "Är det som i Malmö att man behöver bygglov för ett plank?",
            Some("0114"),
            Some("Upplands Väsby"),
        ),
        (
            "Jag läste om en familj i Borås som fick nej. Hur söker man försörjningsstöd?",
            Some("1980"),
            Some("Västerås"),
        ),
        (
            "Mäklaren i Göteborg säger att vi behöver bygglov för uterummet",
            Some("1384"),
            Some("Kungsbacka"),
        ),
        (
            "Min bror i Örebro påstår att man kan få bostadsanpassning, vem ansöker jag hos?",
            Some("0380"),
            Some("Uppsala"),
        ),
        (
            "På väg till Sundsvall såg jag att gatlyktorna på vår gata är släckta, vem lagar dem?",
            Some("2180"),
            Some("Gävle"),
        ),
        (
            "Jag är uppvuxen i Kiruna men undrar hur man ställer sig i kö till förskolan här",
            Some("2580"),
            Some("Luleå"),
        ),
        (
            "Jag jobbar i Stockholm. Hur söker jag förskoleplats till min dotter?",
            Some("0380"),
            Some("Uppsala"),
        ),
        (
            "Till skillnad från i Solna får vi betala för parkeringstillstånd, hur söker man det?",
            Some("0180"),
            Some("Stockholm"),
        ),
        (
            "My friend in Malmö told me I can get home care for my dad, how do I apply?",
            Some("1281"),
            Some("Lund"),
        ),
    ]);
}

#[test]
fn a_matter_that_lies_elsewhere_is_decided_there() {
    asked(&[
        (
            "Vi har ett fritidshus i Strömstad och vill bygga ut, krävs bygglov?",
            Some("1480"),
            Some("Strömstad"),
        ),
        (
            "Torpet i Mora behöver ny avloppsbrunn, vem ger tillstånd för avloppet?",
            Some("0180"),
            Some("Mora"),
        ),
        (
            "Min syster sa att det krävs bygglov för altanen på vår stuga i Åre",
            Some("0180"),
            Some("Åre"),
        ),
        ("Pappa bor i Falun och behöver hemtjänst", Some("0180"), Some("Falun")),
        (
            "Min mormor i Arvika behöver trygghetslarm, hur ansöker man?",
            Some("1480"),
            Some("Arvika"),
        ),
        (
            "Jag jobbar i Stockholm men har en tomt i Norrtälje där jag vill bygga garage, behövs bygglov?",
            Some("0180"),
            Some("Norrtälje"),
        ),
        (
            "Det är fullt i återvinningen vid stugan i Borgholm, sopkärlet har inte tömts",
            Some("1080"),
            Some("Borgholm"),
        ),
        (
            "Vi flyttar till Växjö i sommar, hur söker vi förskola?",
            Some("1280"),
            Some("Växjö"),
        ),
        (
            "Huset i Ystad ska få ny eldstad, måste jag anmäla det?",
            Some("1280"),
            Some("Ystad"),
        ),
        (
            "En gatlykta är trasig i Karlstad där jag hälsar på",
            Some("0180"),
            Some("Karlstad"),
        ),
        (
            "Mamma på ett äldreboende i Skövde får inte duscha, vem klagar jag hos i kommunen?",
            Some("1480"),
            Some("Skövde"),
        ),
        (
            "Jag vill öppna ett kafé i Visby och undrar vem som registrerar livsmedelsverksamheten",
            Some("0180"),
            Some("Gotland"),
        ),
        (
            "Vi såg en stor grop i gatan i centrala Halmstad",
            Some("1280"),
            Some("Halmstad"),
        ),
    ]);
}
