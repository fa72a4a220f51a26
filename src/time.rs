//! Points in time, as file systems record them.

use std::fmt;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset, Offset, SecondsFormat, Utc};

/// Ticks of 100 ns in a second.
const TICKS: i64 = 10_000_000;

/// A point in time, in steps of 100 ns, with the zone in which to show it.
///
/// It reaches about 29,000 years into the past and the future; other times are limited to that range. Comparisons
/// ignore the zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timestamp {
    /// Since 1970-01-01 00:00 UTC.
    ticks: i64,
    /// Minutes east of UTC.
    zone: i16,
}

impl Timestamp {
    /// Returns the time `seconds` after 1970-01-01 00:00 UTC, shown in UTC.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self {
            ticks: seconds.saturating_mul(TICKS),
            zone: 0,
        }
    }

    /// Returns the whole seconds since 1970-01-01 00:00 UTC, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.ticks.div_euclid(TICKS)
    }

    /// Returns the nanoseconds after [`Timestamp::unix_seconds`].
    #[must_use]
    pub const fn subsecond_nanos(self) -> u32 {
        self.ticks.rem_euclid(TICKS) as u32 * 100
    }

    /// Returns how many minutes east of UTC the zone is.
    #[must_use]
    pub const fn zone_minutes(self) -> i16 {
        self.zone
    }

    /// Returns the time this many seconds and nanoseconds after 1970-01-01 00:00 UTC, rounded down.
    #[cfg(unix)]
    pub(crate) const fn from_unix_nanos(seconds: i64, nanos: u32) -> Self {
        let ticks = seconds.saturating_mul(TICKS);
        Self {
            ticks: ticks.saturating_add(nanos as i64 / 100),
            zone: 0,
        }
    }

    pub(crate) const fn from_ticks(ticks: i64, zone: i16) -> Self {
        Self { ticks, zone }
    }

    pub(crate) const fn ticks(self) -> i64 {
        self.ticks
    }

    /// Returns the calendar date and time in its own zone.
    pub(crate) fn civil(self) -> DateTime<FixedOffset> {
        let zone = FixedOffset::east_opt(i32::from(self.zone) * 60).unwrap_or_else(|| Utc.fix());
        // 29,000 years are well inside chrono's 262,000.
        DateTime::<Utc>::from_timestamp(self.unix_seconds(), self.subsecond_nanos())
            .unwrap_or_default()
            .with_timezone(&zone)
    }

    /// Returns the same point in time, shown in UTC.
    pub(crate) const fn in_utc(self) -> Self {
        Self {
            ticks: self.ticks,
            zone: 0,
        }
    }

    fn after_epoch(duration: Duration) -> i64 {
        i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let ticks = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::after_epoch(after),
            // Rounded down, as positive times are.
            Err(before) => {
                let before = before.duration();
                let ticks = Self::after_epoch(before);
                -ticks - i64::from(before.subsec_nanos() % 100 != 0)
            }
        };
        Self { ticks, zone: 0 }
    }
}

impl From<DateTime<FixedOffset>> for Timestamp {
    fn from(time: DateTime<FixedOffset>) -> Self {
        let ticks = time
            .timestamp()
            .saturating_mul(TICKS)
            .saturating_add(i64::from(time.timestamp_subsec_nanos() / 100));
        Self {
            ticks,
            zone: (time.offset().local_minus_utc() / 60) as i16,
        }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        time.fixed_offset().into()
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.ticks == other.ticks
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ticks.cmp(&other.ticks)
    }
}

impl std::hash::Hash for Timestamp {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.ticks.hash(state);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &self
                .civil()
                .to_rfc3339_opts(SecondsFormat::AutoSi, self.zone == 0),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_times_before_the_epoch_round_down() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_nanos(1_500);
        let stamp = Timestamp::from(time);
        assert_eq!(stamp.unix_seconds(), -1);
        assert_eq!(stamp.subsecond_nanos(), 999_998_500);
    }

    #[test]
    fn times_are_shown_in_their_zone() {
        let stamp = Timestamp::from_ticks(0, 90);
        assert_eq!(stamp.to_string(), "1970-01-01T01:30:00+01:30");
        assert_eq!(stamp.in_utc().to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(stamp, stamp.in_utc());
    }

    #[test]
    fn times_out_of_reach_are_cut() {
        assert!(Timestamp::from_unix(i64::MAX) > Timestamp::from_unix(0));
        assert!(
            Timestamp::from_unix(i64::MAX)
                .to_string()
                .starts_with("+31197")
        );
    }
}
