//! The rungs of the ladder: each asks the same work of every competitor. A new rung is a row here; a competitor that cannot
//! do its work says why.

use std::fmt;

/// What a caller proves itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// One of this many API keys.
    Key(usize),
    /// One of this many access tokens, each valid for the whole run.
    Token(Algorithm, usize),
}

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Algorithm {
    Es256,
    Rs256,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        })
    }
}

/// How calls of one caller are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Not at all.
    None,
    /// By this server alone; the limit is never reached.
    Local,
    /// Exactly, by all servers together in a Redis; the limit is never reached.
    Shared,
    /// By this server alone; nearly every call is refused with 429.
    Reached,
}

impl Limit {
    /// Calls a second that are admitted.
    pub(crate) fn per_second(self) -> u32 {
        match self {
            Self::None | Self::Local | Self::Shared => 1_000_000,
            Self::Reached => 100,
        }
    }
}

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rung {
    /// Its short name in tables and on the command line.
    pub(crate) name: &'static str,
    /// What is asked, for people.
    pub(crate) asks: &'static str,
    /// A line of JSON in a file for each request.
    pub(crate) log: bool,
    /// What is checked of the caller.
    pub(crate) credential: Credential,
    /// What is counted of it.
    pub(crate) limit: Limit,
    /// 1 % of the requests as spans to a live receiver, and metrics read every 5 s.
    pub(crate) traces: bool,
    /// Routes that are known; the last one is called.
    pub(crate) routes: usize,
    /// Agreements that are known; the organisations of keys are parties to one each, in turn.
    pub(crate) agreements: usize,
    /// Bodies of up to 128 MiB may pass, both ways.
    pub(crate) large: bool,
    /// Each call carries 2 KiB of JSON, which are held against the API's OpenAPI document.
    pub(crate) validate: bool,
    /// TLS 1.3 and HTTP/2 to the caller.
    pub(crate) tls: bool,
    /// Connections that are held open, without a request, beside those that carry the load.
    pub(crate) idle: usize,
}

pub(crate) const BARE: Rung = Rung {
    name: "bare",
    asks: "pass a request on",
    log: false,
    credential: Credential::None,
    limit: Limit::None,
    traces: false,
    routes: 1,
    agreements: 1,
    large: false,
    validate: false,
    tls: false,
    idle: 0,
};

pub(crate) const TOKEN: Rung = Rung {
    name: "rs256",
    asks: "verify one RS256 token, again and again",
    credential: Credential::Token(Algorithm::Rs256, 1),
    ..BARE
};

/// From the least work to the whole job.
pub(crate) const LADDER: [Rung; 16] = [
    BARE,
    Rung {
        name: "log",
        asks: "and write a line of JSON to a file",
        log: true,
        ..BARE
    },
    Rung {
        name: "key",
        asks: "check an API key among 10,000",
        credential: Credential::Key(10_000),
        ..BARE
    },
    Rung {
        name: "es256",
        asks: "verify one ES256 token, again and again",
        credential: Credential::Token(Algorithm::Es256, 1),
        ..BARE
    },
    Rung {
        name: "es256-many",
        asks: "verify 10,000 ES256 tokens in turn",
        credential: Credential::Token(Algorithm::Es256, 10_000),
        ..BARE
    },
    TOKEN,
    Rung {
        name: "rs256-many",
        asks: "verify 10,000 RS256 tokens in turn",
        credential: Credential::Token(Algorithm::Rs256, 10_000),
        ..BARE
    },
    Rung {
        name: "limit",
        asks: "RS256 and a limit for each client, not reached",
        limit: Limit::Local,
        ..TOKEN
    },
    Rung {
        name: "shared",
        asks: "RS256 and a limit that nodes share exactly, not reached",
        limit: Limit::Shared,
        ..TOKEN
    },
    Rung {
        name: "reached",
        asks: "RS256 and a limit that refuses nearly every call",
        limit: Limit::Reached,
        ..TOKEN
    },
    Rung {
        name: "traces",
        asks: "as shared, 1 % traced to a live receiver, metrics read",
        limit: Limit::Shared,
        traces: true,
        ..TOKEN
    },
    Rung {
        name: "validate",
        asks: "hold 2 KiB of JSON against the API's OpenAPI document",
        validate: true,
        ..BARE
    },
    Rung {
        name: "routes",
        asks: "find the last of 5,000 routes",
        routes: 5_000,
        ..BARE
    },
    Rung {
        name: "tls",
        asks: "pass requests on from HTTP/2 over TLS 1.3, eight at once on a connection",
        tls: true,
        ..BARE
    },
    Rung {
        name: "idle",
        asks: "pass requests on while 1,000 more connections are held open",
        idle: 1_000,
        ..BARE
    },
    Rung {
        name: "full",
        asks: "RS256, agreement, shared limit, log, 1 % traces, 5,000 routes",
        log: true,
        limit: Limit::Shared,
        traces: true,
        routes: 5_000,
        ..TOKEN
    },
];

impl Rung {
    /// The rungs with these names, in the ladder's order; all of them when `names` is empty.
    ///
    /// # Errors
    /// The first name that no rung has.
    pub(crate) fn named(names: &[String]) -> Result<Vec<Self>, String> {
        if let Some(unknown) = names.iter().find(|name| LADDER.iter().all(|rung| rung.name != **name)) {
            let known: Vec<&str> = LADDER.iter().map(|rung| rung.name).collect();
            return Err(format!("there is no rung `{unknown}`; there are {}", known.join(", ")));
        }
        let chosen = |rung: &&Self| names.is_empty() || names.iter().any(|name| name == rung.name);
        Ok(LADDER.iter().filter(chosen).copied().collect())
    }

    /// The path that is called: the last one of `routes`.
    pub(crate) fn path(&self) -> String {
        format!("/load/v1/items-{}", self.routes)
    }

    /// The lines of a configuration file that begin with `@name ` hold when `name` is among these.
    pub(crate) fn features(&self) -> Vec<&'static str> {
        let mut features = vec![if self.log { "log" } else { "no-log" }];
        features.push(match self.credential {
            Credential::None => "open",
            Credential::Key(_) => "key",
            Credential::Token(..) => "token",
        });
        features.push(match self.limit {
            Limit::None => "no-limit",
            Limit::Local | Limit::Reached => "limit",
            Limit::Shared => "shared",
        });
        features.push(if self.traces { "traces" } else { "no-traces" });
        features.push(if self.validate { "validate" } else { "no-validate" });
        features.push(if self.tls { "tls" } else { "plain" });
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_chosen_by_name_in_the_ladders_order() {
        let names = ["limit".to_owned(), "bare".to_owned()];
        let chosen: Vec<_> = Rung::named(&names).unwrap().iter().map(|rung| rung.name).collect();
        assert_eq!(chosen, ["bare", "limit"]);
        assert_eq!(Rung::named(&[]).unwrap().len(), LADDER.len());
        assert!(Rung::named(&["high".to_owned()]).unwrap_err().contains("es256-many"));
    }
}
