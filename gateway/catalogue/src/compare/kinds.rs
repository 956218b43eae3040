//! The table of changes: id, what it means, what to do.

use super::{Impact, Kind};

/// Declares the kinds and the list of them all.
macro_rules! table {
    ($($name:ident $id:literal $impact:ident $text:literal $text_sv:literal $mend:expr;)*) => {
        $(pub(super) static $name: Kind = Kind {
            id: $id,
            impact: Impact::$impact,
            text: $text,
            text_sv: $text_sv,
            mend: $mend,
        };)*
        static ALL: &[&Kind] = &[$(&$name),*];
    };
}

const KEEP: &str = "Put it back and mark it deprecated, or publish under a new major version.";
const OPTIONAL: &str = "Make it optional, or publish under a new major version.";
const WIDEN: &str = "Take at least what was taken before, or publish under a new major version.";
const PROMISE: &str = "Answer within what was promised before, or publish under a new major version.";
const TELL: &str = "Tell callers before it is published.";

table! {
    PATH_REMOVED "path-removed" Breaking "A path is gone" "En sökväg är borta." KEEP;
    OPERATION_REMOVED "operation-removed" Breaking "A method is gone from a path" "En metod är borta från en sökväg." KEEP;
    PARAMETER_REMOVED "parameter-removed" Breaking "A parameter is gone" "En parameter är borta." KEEP;
    PARAMETER_REQUIRED "parameter-required" Breaking "A parameter has become required" "En parameter har blivit obligatorisk." OPTIONAL;
    PARAMETER_ADDED_REQUIRED "parameter-added-required" Breaking "A new parameter is required" "En ny parameter är obligatorisk." OPTIONAL;
    PARAMETER_FORM "parameter-form" Breaking "A parameter is written in another way" "En parameter skrivs på ett annat sätt." "Keep style, explode and content, or publish under a new major version.";
    BODY_REMOVED "request-body-removed" Breaking "The request has no body any more" "Anropet har ingen kropp längre." KEEP;
    BODY_REQUIRED "request-body-required" Breaking "The request's body has become required" "Anropets kropp har blivit obligatorisk." OPTIONAL;
    MEDIA_REMOVED "media-type-removed" Breaking "A media type is gone" "En mediatyp är borta." KEEP;
    RESPONSE_REMOVED "response-removed" Breaking "A success response is gone" "Ett lyckat svar är borta." KEEP;
    HEADER_REMOVED "response-header-removed" Breaking "A header that every answer carried is gone" "En header som varje svar hade är borta." KEEP;
    PROPERTY_REMOVED "property-removed" Breaking "A property is gone" "En egenskap är borta." KEEP;
    PROPERTY_REQUIRED "request-property-required" Breaking "A property of the request has become required" "En egenskap i anropet har blivit obligatorisk." OPTIONAL;
    PROPERTY_OPTIONAL "response-property-optional" Breaking "A property that every answer held may be missing" "En egenskap som varje svar hade kan saknas." PROMISE;
    TYPE_NARROWED "request-type-narrowed" Breaking "The request takes fewer types" "Anropet tar färre typer." WIDEN;
    TYPE_WIDENED "response-type-widened" Breaking "The answer may hold another type" "Svaret kan ha en annan typ." PROMISE;
    VALUES_NARROWED "request-values-narrowed" Breaking "The request takes fewer values" "Anropet tar färre värden." WIDEN;
    BOUND_NARROWED "request-bound-narrowed" Breaking "The request is held to a tighter bound" "Anropet hålls till en snävare gräns." WIDEN;
    FORMAT_CHANGED "format-changed" Breaking "A value has another format" "Ett värde har ett annat format." "Keep the format, or publish under a new major version.";
    CLOSED "request-closed" Breaking "The request takes no further properties" "Anropet tar inga ytterligare egenskaper." WIDEN;
    CHOICE_REMOVED "request-choice-removed" Breaking "The request lost one of its forms" "Anropet har mist en av sina former." WIDEN;
    CHOICE_ADDED "response-choice-added" Breaking "The answer may have a form that callers do not know" "Svaret kan ha en form som anroparna inte känner." PROMISE;
    SECURITY_ADDED "security-tightened" Breaking "A call needs a credential or scope that it did not need" "Ett anrop kräver en behörighet som det inte krävde." "Keep the former requirement as an alternative, or publish under a new major version.";
    SCHEME_CHANGED "security-scheme-changed" Breaking "A credential is sent in another way" "En behörighet skickas på ett annat sätt." "Keep the former scheme as an alternative, or publish under a new major version.";
    WEBHOOK_REMOVED "webhook-removed" Breaking "A webhook is gone" "En webhook är borta." KEEP;
    TOO_LARGE "too-large-to-compare" Breaking "The documents are too large or too entangled to compare" "Dokumenten är för stora eller för hoptrasslade för att jämföras." "Split the API, or publish under a new major version.";
    FAILURE_REMOVED "error-response-removed" Careful "An error response is gone" "Ett felsvar är borta." TELL;
    HEADER_OPTIONAL "response-header-dropped" Careful "A header that an answer could carry is gone" "En header som ett svar kunde ha är borta." TELL;
    VALUES_WIDENED "response-values-widened" Careful "The answer may hold a value that callers do not know" "Svaret kan ha ett värde som anroparna inte känner." "Tell callers, and say with x-extensible-enum: true that values may be added.";
    BOUND_WIDENED "response-bound-widened" Careful "The answer may go beyond a former bound" "Svaret kan gå utanför en tidigare gräns." TELL;
    PATTERN_CHANGED "pattern-changed" Careful "A value follows another pattern" "Ett värde följer ett annat mönster." TELL;
    DEFAULT_CHANGED "default-changed" Careful "What holds when nothing is said has changed" "Det som gäller när inget sägs är ändrat." TELL;
    OPENED "response-opened" Careful "The answer may hold properties that are not described" "Svaret kan ha egenskaper som inte beskrivs." TELL;
    OPERATION_ID "operation-id-changed" Careful "Generated clients know the operation by another name" "Genererade klienter känner operationen under ett annat namn." "Keep the operationId.";
    DEPRECATED "deprecated" Careful "Something is marked deprecated" "Något är märkt som utfasat." "Say until when it works, and what replaces it.";
    PATH_ADDED "path-added" Compatible "There is a new path" "Det finns en ny sökväg." "";
    OPERATION_ADDED "operation-added" Compatible "There is a new method on a path" "Det finns en ny metod på en sökväg." "";
    PARAMETER_ADDED "parameter-added" Compatible "There is a new optional parameter" "Det finns en ny frivillig parameter." "";
    PARAMETER_OPTIONAL "parameter-optional" Compatible "A parameter has become optional" "En parameter har blivit frivillig." "";
    PARAMETER_RENAMED "path-parameter-renamed" Compatible "A path parameter has another name" "En sökvägsparameter har ett annat namn." "";
    BODY_ADDED "request-body-added" Compatible "The request may have a body" "Anropet kan ha en kropp." "";
    MEDIA_ADDED "media-type-added" Compatible "There is a new media type" "Det finns en ny mediatyp." "";
    RESPONSE_ADDED "response-added" Compatible "There is a new response" "Det finns ett nytt svar." "";
    HEADER_ADDED "response-header-added" Compatible "There is a new header" "Det finns en ny header." "";
    PROPERTY_ADDED "property-added" Compatible "There is a new property" "Det finns en ny egenskap." "";
    RELAXED "relaxed" Compatible "The request takes more, or the answer promises more, than before" "Anropet tar mer, eller svaret lovar mer, än förut." "";
    SECURITY_RELAXED "security-relaxed" Compatible "A call needs less than before" "Ett anrop kräver mindre än förut." "";
    WEBHOOK_ADDED "webhook-added" Compatible "There is a new webhook" "Det finns en ny webhook." "";
}

/// Every kind of change, the breaking ones first.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().copied()
}
