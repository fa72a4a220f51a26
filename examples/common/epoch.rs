//! The time of reproducible images.

use std::env;

use imapi2fs::Timestamp;

/// Returns the time that counts as now, if the environment sets one.
pub(crate) fn source_date_epoch() -> Result<Option<Timestamp>, String> {
    let Some(value) = env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let value = value.to_string_lossy();
    match value.parse() {
        Ok(seconds) => Ok(Some(Timestamp::from_unix(seconds))),
        Err(error) => Err(format!("SOURCE_DATE_EPOCH is `{value}`: {error}")),
    }
}
