//! `[limits]`: the store in which nodes count shared limits together.

use ::document::Table;
use ::limits::StoreConfig;
use std::time::Duration;

/// More would hold callers up for longer than a store is worth.
const LONGEST: Duration = Duration::from_secs(1);

/// Reads the section; without `store`, shared limits are counted by each node alone.
pub(super) fn read(table: &Table<'_>) -> Option<StoreConfig> {
    let timeout = table
        .has("command_timeout")
        .then(|| table.duration("command_timeout", Duration::from_millis(20)));
    if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > LONGEST) {
        table.report("command_timeout", "must be from 1ms to 1s");
    }
    let Some(address) = table.optional_string("store") else {
        if timeout.is_some() {
            table.report("command_timeout", "is of use with limits.store only");
        }
        return None;
    };
    match StoreConfig::new(&address) {
        Ok(mut store) => {
            store.command_timeout = timeout.unwrap_or(store.command_timeout);
            Some(store)
        }
        Err(error) => {
            table.report("store", error.to_string());
            None
        }
    }
}
