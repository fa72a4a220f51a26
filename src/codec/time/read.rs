//! Times as found on discs, which need not be valid.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use chrono::{FixedOffset, NaiveDate};
use zerocopy::IntoBytes;

use super::{LONG_YEARS, RecordTime, UdfTime, VolumeTime};
use crate::time::Timestamp;

impl RecordTime {
    /// Returns the time, if one is recorded: seven zeros are none, and neither is a day that no calendar has.
    pub(crate) fn read(self) -> Option<Timestamp> {
        if self.as_bytes().iter().all(|byte| *byte == 0) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(
            i32::from(self.years_since_1900).saturating_add(1900),
            self.month.into(),
            self.day.into(),
        )?;
        // A leap second is shown as the second before it.
        let time = date.and_hms_opt(
            self.hour.into(),
            self.minute.into(),
            u32::from(self.second).min(59),
        )?;
        in_quarter_zone(time, self.zone)
    }
}

impl VolumeTime {
    /// Returns the time, if one is recorded. Treats blanks and zero bytes, which some writers use, as zeros.
    pub(crate) fn read(self) -> Option<Timestamp> {
        let number = |from: usize, len: usize| {
            let digits = self.digits.iter().skip(from).take(len);
            digits.fold(0, |number: u32, digit| {
                let digit = char::from(*digit).to_digit(10).unwrap_or(0);
                number.saturating_mul(10).saturating_add(digit)
            })
        };
        let year = i32::try_from(number(0, 4)).ok()?;
        let date = NaiveDate::from_ymd_opt(year, number(4, 2), number(6, 2))?;
        let time = date.and_hms_milli_opt(
            number(8, 2),
            number(10, 2),
            number(12, 2).min(59),
            number(14, 2).saturating_mul(10),
        )?;
        in_quarter_zone(time, self.zone)
    }
}

impl UdfTime {
    /// Returns the recorded time, if it is valid.
    pub(crate) fn decode(&self) -> Option<Timestamp> {
        let year = i32::from(self.year.get());
        if !(LONG_YEARS.0..=LONG_YEARS.1).contains(&year) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(year, self.month.into(), self.day.into())?;
        // A leap second counts with the second before it.
        let second = if self.second == 60 { 59 } else { self.second };
        // An impossible fraction counts as 0.
        let part = |value: u8, unit: u32| {
            if value < 100 {
                u32::from(value).saturating_mul(unit)
            } else {
                0
            }
        };
        let micros = part(self.centiseconds, 10_000)
            .saturating_add(part(self.hundreds_of_microseconds, 100))
            .saturating_add(part(self.microseconds, 1));
        let time = date
            .and_hms_micro_opt(self.hour.into(), self.minute.into(), second.into(), micros)?
            .and_utc();
        // Twelve bits with a sign. Only local time has a zone, which is optional.
        let bits = self.type_and_zone.get();
        let zone = match bits >> 12 {
            1 => ((bits << 4) as i16) >> 4,
            _ => 0,
        };
        let zone = if (-1440..=1440).contains(&zone) {
            zone
        } else {
            0
        };
        let local = Timestamp::from(time);
        Some(Timestamp::from_ticks(
            local
                .ticks()
                .saturating_sub(i64::from(zone).saturating_mul(60 * 10_000_000)),
            zone,
        ))
    }
}

/// Returns a time in a zone given in quarters of an hour, or in UTC if the zone is impossible.
fn in_quarter_zone(time: chrono::NaiveDateTime, zone: i8) -> Option<Timestamp> {
    let quarters = if (-48..=56).contains(&zone) { zone } else { 0 };
    let zone = FixedOffset::east_opt(i32::from(quarters).saturating_mul(15 * 60))?;
    Some(time.and_local_timezone(zone).single()?.into())
}
