//! The pages of the OpenID provider: plain HTML, no script.

use crate::people::Person;

/// What the page of choice shows.
pub(crate) struct Choice<'a> {
    pub(crate) english: bool,
    pub(crate) service: &'a str,
    pub(crate) people: &'a [Person],
    pub(crate) level: &'a str,
    pub(crate) carried: Vec<(&'static str, &'a str)>,
}

const STYLE: &str = "body{margin:0;background:#f4f4f1;color:#1b1b1b;font:1.0625rem/1.55 system-ui,sans-serif}\
main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}\
.mark{background:#7a2e00;color:#fff;padding:.6rem 1rem;font-weight:600}.mark p{max-width:38rem;margin:0 auto}\
fieldset{border:1px solid #8a8a84;border-radius:.5rem;background:#fff;margin:1.25rem 0;padding:.5rem 1rem}\
legend{font-weight:600;padding:0 .4rem}label{display:flex;gap:.75rem;align-items:baseline;padding:.55rem 0;\
border-top:1px solid #e4e4de}legend+label{border-top:0}small{color:#4d4d49}\
input[type=radio]{width:1.25rem;height:1.25rem;flex:none;transform:translateY(.2rem)}\
button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.25rem;border-radius:.4rem;border:2px solid #0b4f6c;\
background:#0b4f6c;color:#fff;margin:0 .75rem .75rem 0}button.quiet{background:#fff;color:#0b4f6c}\
:focus-visible{outline:3px solid #b35900;outline-offset:2px}";

/// The page where one chooses who to be.
pub(crate) fn choose(choice: &Choice<'_>) -> String {
    let text = |sv: &'static str, en: &'static str| if choice.english { en } else { sv };
    let mut form = String::new();
    for (name, value) in &choice.carried {
        form += &format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    form += &format!(
        "<fieldset><legend>{}</legend>",
        text("Vem vill du vara?", "Who do you want to be?")
    );
    for (at, person) in choice
        .people
        .iter()
        .filter(|person| !person.key.starts_with("person"))
        .enumerate()
    {
        let years = text("år", "years");
        let more = match person {
            _ if person.protected => text(", skyddade personuppgifter", ", protected identity"),
            _ if person.sole_trader => text(", enskild näringsidkare", ", sole trader"),
            _ => "",
        };
        form += &format!(
            "<label><input type=\"radio\" name=\"person\" value=\"{}\" required{}><span>{} <small>{} {years}{more}</small></span></label>",
            escape(&person.key),
            if at == 0 { " checked" } else { "" },
            escape(&person.name),
            person.age,
        );
    }
    form += &format!(
        "</fieldset><fieldset><legend>{}</legend>",
        text("Hur säkert?", "How strong a login?")
    );
    for level in super::provider::LEVELS {
        let number = level.chars().next_back().unwrap_or('3');
        form += &format!(
            "<label><input type=\"radio\" name=\"level\" value=\"{level}\"{}><span>{} {number}</span></label>",
            if level == choice.level { " checked" } else { "" },
            text("Tillitsnivå", "Level of assurance"),
        );
    }
    let body = format!(
        "<h1>{}</h1><p>{} <strong>{}</strong>. {}</p><form method=\"post\">{form}</fieldset>\
         <button type=\"submit\">{}</button><button class=\"quiet\" type=\"submit\" name=\"cancel\" value=\"1\" formnovalidate>{}</button></form>",
        text("Logga in som en påhittad person", "Log in as an invented person"),
        text("Du loggar in hos", "You are logging in to"),
        escape(choice.service),
        text(
            "Ingen av personerna finns, och ingenting behöver bevisas.",
            "None of the people exists, and nothing has to be proved.",
        ),
        text("Logga in", "Log in"),
        text("Avbryt", "Cancel"),
    );
    page(
        text("sv", "en"),
        text("Test-e-legitimation", "Test e-identification"),
        text(
            "Sandlåda: bara för utveckling och prov.",
            "Sandbox: for development and tests only.",
        ),
        &body,
    )
}

/// The page for a request that leads nowhere.
pub(crate) fn wrong(why: &str) -> String {
    page(
        "en",
        "Test e-identification",
        "Sandbox: for development and tests only.",
        &format!(
            "<h1>You cannot be logged in from here</h1><p>{}</p><p>Go back to the service and try again. If it happens again, tell those who run it.</p>",
            escape(why)
        ),
    )
}

fn page(language: &str, title: &str, mark: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head><body>\
         <header class=\"mark\"><p>{mark}</p></header><main>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(sign),
        }
    }
    out
}
