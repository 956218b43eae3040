//! `[limits]`: the store in which nodes count shared limits together, and the ledger of quotas.

use ::document::Table;
use ::limits::StoreConfig;
use std::time::Duration;

/// More would hold callers up for longer than a store is worth.
const LONGEST: Duration = Duration::from_secs(1);
/// How many nodes a fleet may be expected to have.
const MOST_NODES: u64 = 10_000;
/// What says how the store is used; of no use without one.
const SETTINGS: [&str; 6] = [
    "command_timeout",
    "expected_nodes",
    "user",
    "password_file",
    "ca_file",
    "sentinel_name",
];

/// Reads `ledger`: where quotas are kept.
pub(super) fn ledger(table: &Table<'_>) -> Option<String> {
    let text = table.optional_string("ledger")?;
    super::registry::address(table, "ledger", &text)
}

/// Reads the section; without `store`, `sentinels` or `cluster`, shared limits are counted by each node alone.
pub(super) fn read(table: &Table<'_>) -> Option<StoreConfig> {
    let timeout = table
        .has("command_timeout")
        .then(|| table.duration("command_timeout", Duration::from_millis(20)));
    if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > LONGEST) {
        table.report("command_timeout", "must be from 1ms to 1s");
    }
    let expected = table.integer("expected_nodes", 1, MOST_NODES);
    let password = table.optional_file("password_file");
    let user = table.optional_string("user");
    let roots = table.optional_file("ca_file");
    let store = place(table);
    if user.is_some() && password.is_none() {
        table.report("user", "is of use with limits.password_file only");
    }
    if !["store", "sentinels", "cluster"].iter().any(|key| table.has(key)) {
        for key in SETTINGS.iter().filter(|key| table.has(key)) {
            table.report(
                key,
                "is of use with limits.store, limits.sentinels or limits.cluster only",
            );
        }
    }
    let mut store = store?;
    store.command_timeout = timeout.unwrap_or(store.command_timeout);
    if let Some(nodes) = expected.and_then(|nodes| u32::try_from(nodes).ok()?.try_into().ok()) {
        store.expected_nodes = nodes;
    }
    if let Some(path) = password {
        match std::fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => store = store.with_password(user.as_deref(), text.trim()),
            Ok(_) => table.report("password_file", "is empty"),
            Err(error) => table.report("password_file", error.to_string()),
        }
    }
    let Some(path) = roots else { return Some(store) };
    let trusted = std::fs::read(&path).map_err(|error| error.to_string());
    match trusted.and_then(|pem| store.clone().with_roots(&pem).map_err(|error| error.to_string())) {
        Ok(store) => Some(store),
        Err(problem) => {
            table.report("ca_file", problem);
            None
        }
    }
}

/// One server, one that sentinels name, or a cluster.
fn place(table: &Table<'_>) -> Option<StoreConfig> {
    let (store, name) = (table.optional_string("store"), table.optional_string("sentinel_name"));
    let (sentinels, cluster) = (table.strings("sentinels"), table.strings("cluster"));
    let given: Vec<&str> = ["store", "sentinels", "cluster"]
        .into_iter()
        .filter(|key| table.has(key))
        .collect();
    if let [first, second, ..] = given.as_slice() {
        table.report(second, format!("excludes limits.{first}: the store is one of them"));
        return None;
    }
    let (key, read) = match *given.first()? {
        "store" => ("store", StoreConfig::new(&store?)),
        "cluster" => ("cluster", StoreConfig::cluster(&cluster)),
        _ => {
            let Some(name) = name else {
                table.report("sentinels", "needs limits.sentinel_name: which server they are to name");
                return None;
            };
            ("sentinels", StoreConfig::sentinels(&sentinels, &name))
        }
    };
    read.map_err(|error| table.report(key, error.to_string())).ok()
}
