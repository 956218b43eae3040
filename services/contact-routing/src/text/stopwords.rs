//! Words that say nothing of the matter itself: function words, and how people open and close a question.

use std::sync::LazyLock;

use hashbrown::HashSet;

const SWEDISH: &str = "
a och att det den de dem dom som en ett i på är e av för med till har hade ha inte om var vart vad va vem vilka vilken
vilket jag ja ni vi du han hon man mig mej dig dej sig sej oss er min mitt mina din ditt dina sin sitt sina vår vårt våra ert
era hans hennes dess deras denna detta dessa så men eller nu då när hur här där ut in upp ner ned från vid efter innan under
över mot utan kan kunde ska skall skulle vill ville får fick få måste bör blev bli blir blivit vara varit vore ju väl nog bara
också även än ännu mer mest mycket många någon nån något nåt några nåra ingen inget inga alla allt all hela varje annan annat
andra samma själv själva ok okej hej hallå tack snälla mvh vänligen hälsningar undrar undra fråga frågar vänder vända vänta
kontakta kontaktar ringer ringa ring prata pratar talar hjälp hjälper hjälpa behöver behövs gör göra gjort gå går gått kommer
komma kom ta tar tog tagit ger ge gett fått finns finnas vet veta tror tycker tänkte tänker känner heter sen sedan redan alltid
aldrig ibland ofta igen först sist länge snart idag igår imorgon gång gånger dag dagar år året vecka veckor månad månader
o å dvs bla osv mm typ liksom alltså faktiskt egentligen kanske antagligen ganska helt väldigt jätte riktigt lite litet stor stora
stort ny nya nytt gammal två tre fyra fem tio ngt ngn nåå ngr iaf vore ens både varken antingen eftersom därför trots medan
tills omkring kring hos mellan genom enligt rörande angående avseende gällande gäller sak saker nånting någonting ingenting
rätt rätta bra dålig dåligt hitta hittar bor bo vidare ansvarar ansvarig ansvar sköter bestämmer handlägger myndighet myndigheten
myndigheter kommun kommunen någonstans nånstans ställe direkt helst gärna vanlig vanliga skriva skriver skrev skickar skicka skickat
lämna lämnar söka söker sökt ansöka ansöker ansökan anmäla anmäler anmälan nej fel vore varför tackar hälsar hjälpsam hjälpa
";
const ENGLISH: &str = "
a an the and or but if in on at to of for from by with about as is are was were be been being am it its this that these those there
here i me my mine we us our you your he him his she her they them their who whom whose what which when where why how do does did
doing done have has had having can could will would shall should may might must not no yes so than then too very just also only
any some all each every other another such own same more most much many few again once ever never always already still now
please hello hi thanks thank regards want need needs help contact ask question turn go going gone get gets got getting know think
make makes made take takes took give gave given find tell say said let like really maybe sure one two three day days week weeks
month months year years ago since after before until into out up down over under between through because while both either neither
don't doesn't didn't can't cannot won't isn't aren't wasn't i'm i've i'd it's that's what's who's you're we're they're
authority agency someone somebody something anything nothing everything sweden swedish responsible right place apply application
";

/// Words that stand in a message about anything.
const COMMON: &str = include_str!("common_words.txt");

fn set(text: &'static str) -> HashSet<&'static str> {
    text.split_whitespace().collect()
}

static SV: LazyLock<HashSet<&'static str>> = LazyLock::new(|| set(SWEDISH));
static WEAK: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = COMMON.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});
static EN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| set(ENGLISH));

/// Whether a Swedish word (lower case) carries no matter.
#[must_use]
pub fn is_swedish(word: &str) -> bool {
    SV.contains(word)
}

/// Whether an English word (lower case) carries no matter.
#[must_use]
pub fn is_english(word: &str) -> bool {
    EN.contains(word)
}

/// Whether a Swedish word (lower case) says little of any matter, though more than a function word.
#[must_use]
pub fn is_common(word: &str) -> bool {
    WEAK.contains(word)
}
