//! Times on disc: the three forms, and the years that each can hold.

mod read;

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use zerocopy::little_endian::{I16, U16};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::time::Timestamp;

/// First and last year of a directory record's time (ECMA-119 9.1.5).
const RECORD_YEARS: (i32, i32) = (1900, 2155);
/// First and last year of a volume descriptor's time (ECMA-119 8.4.26.1) and of a UDF timestamp (UDF 2.1.4).
const LONG_YEARS: (i32, i32) = (1, 9999);

/// Limits `time` to what a directory record of ISO 9660 or Joliet can hold: the years 1900 to 2155.
pub(crate) fn in_record_range(time: Timestamp) -> Timestamp {
    within(quarter_zone(time), RECORD_YEARS)
}

/// Limits `time` to what a UDF timestamp can hold: the years 1 to 9999.
pub(crate) fn in_udf_range(time: Timestamp) -> Timestamp {
    let zone_fits = (-1440..=1440).contains(&time.zone_minutes());
    within(if zone_fits { time } else { time.in_utc() }, LONG_YEARS)
}

fn within(time: Timestamp, (first, last): (i32, i32)) -> Timestamp {
    let year = time.civil().year();
    if year < first {
        edge(first, 1, 1, (0, 0, 0))
    } else if year > last {
        edge(last, 12, 31, (23, 59, 59))
    } else {
        time
    }
}

fn edge(year: i32, month: u32, day: u32, (hour, minute, second): (u32, u32, u32)) -> Timestamp {
    chrono::NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_opt(hour, minute, second))
        .map(|time| time.and_utc().into())
        .unwrap_or_default()
}

/// Moves `time` to UTC unless its zone is one of ISO 9660: whole quarters of an hour, from -12 to +13 hours.
fn quarter_zone(time: Timestamp) -> Timestamp {
    let zone = time.zone_minutes();
    if zone % 15 == 0 && (-48..=52).contains(&(zone / 15)) {
        time
    } else {
        time.in_utc()
    }
}

/// Recording date and time of a directory record (ECMA-119 9.1.5).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RecordTime {
    pub years_since_1900: u8,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// Quarters of an hour east of UTC.
    pub zone: i8,
}

impl From<Timestamp> for RecordTime {
    fn from(time: Timestamp) -> Self {
        let time = in_record_range(time);
        let civil = time.civil();
        Self {
            years_since_1900: (civil.year() - 1900) as u8,
            month: civil.month() as u8,
            day: civil.day() as u8,
            hour: civil.hour() as u8,
            minute: civil.minute() as u8,
            second: civil.second() as u8,
            zone: (time.zone_minutes() / 15) as i8,
        }
    }
}

/// Date and time of a volume descriptor: digits, then the zone in quarters of an hour (ECMA-119 8.4.26.1).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct VolumeTime {
    pub digits: [u8; 16],
    pub zone: i8,
}

impl VolumeTime {
    /// No time: all digits are zeros.
    pub(crate) const NONE: Self = Self {
        digits: [b'0'; 16],
        zone: 0,
    };
}

impl From<Timestamp> for VolumeTime {
    fn from(time: Timestamp) -> Self {
        let time = within(quarter_zone(time), LONG_YEARS);
        let civil = time.civil();
        let hundredths = civil.nanosecond() / 10_000_000;
        let mut digits = [b'0'; 16];
        let text = format!("{}{hundredths:02}", civil.format("%Y%m%d%H%M%S"));
        digits.copy_from_slice(&text.as_bytes()[..16]);
        Self {
            digits,
            zone: (time.zone_minutes() / 15) as i8,
        }
    }
}

/// Timestamp of ECMA-167 (1/7.3, UDF 2.1.4).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct UdfTime {
    /// Type 1, local time, in the upper four bits; minutes east of UTC in the others.
    pub type_and_zone: U16,
    pub year: I16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub centiseconds: u8,
    pub hundreds_of_microseconds: u8,
    pub microseconds: u8,
}

impl From<Timestamp> for UdfTime {
    fn from(time: Timestamp) -> Self {
        let time = in_udf_range(time);
        let civil: DateTime<FixedOffset> = time.civil();
        let micros = civil.nanosecond() / 1000;
        Self {
            type_and_zone: U16::new(0x1000 | (time.zone_minutes() as u16 & 0x0FFF)),
            year: I16::new(civil.year() as i16),
            month: civil.month() as u8,
            day: civil.day() as u8,
            hour: civil.hour() as u8,
            minute: civil.minute() as u8,
            second: civil.second() as u8,
            centiseconds: (micros / 10_000) as u8,
            hundreds_of_microseconds: (micros / 100 % 100) as u8,
            microseconds: (micros % 100) as u8,
        }
    }
}

/// Returns `YYYYMMDD_HHMM` in UTC, the default name of a volume.
pub(crate) fn default_volume_name(time: Timestamp) -> String {
    let time = within(time.in_utc(), LONG_YEARS);
    time.civil().format("%Y%m%d_%H%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().into()
    }

    #[test]
    fn times_of_records_are_clamped_at_both_ends() {
        let first = RecordTime::from(at("1899-12-31T23:59:59Z"));
        assert_eq!(first.as_bytes(), [0, 1, 1, 0, 0, 0, 0]);
        let last = RecordTime::from(at("2156-01-01T00:00:00Z"));
        assert_eq!(last.as_bytes(), [255, 12, 31, 23, 59, 59, 0]);
        let inside = at("2155-12-31T23:59:59Z");
        assert_eq!(in_record_range(inside), inside);
    }

    #[test]
    fn zones_in_quarters_are_kept_and_others_become_utc() {
        let quarter = RecordTime::from(at("2024-06-01T12:00:00+05:30"));
        assert_eq!(quarter.as_bytes(), [124, 6, 1, 12, 0, 0, 22]);
        let odd = RecordTime::from(at("2024-06-01T12:00:00+00:07"));
        assert_eq!(odd.as_bytes(), [124, 6, 1, 11, 53, 0, 0]);
    }

    #[test]
    fn volume_times_are_digits_and_zone() {
        let time = VolumeTime::from(at("2024-06-01T12:34:56.789-01:00"));
        assert_eq!(&time.digits, b"2024060112345678");
        assert_eq!(time.zone, -4);
    }

    #[test]
    fn times_are_read_back() {
        let time = at("2024-06-01T12:34:56-01:30");
        let record = RecordTime::from(time).read().unwrap();
        assert_eq!((record, record.zone_minutes()), (time, -90));
        let time = at("2024-06-01T12:34:56.780+02:00");
        assert_eq!(VolumeTime::from(time).read(), Some(time));
        assert_eq!(VolumeTime::NONE.read(), None);
        let read = |bytes: [u8; 7]| RecordTime::read_from_bytes(&bytes).unwrap().read();
        assert_eq!(read([0; 7]), None);
        assert_eq!(read([124, 2, 30, 0, 0, 0, 0]), None);
        assert_eq!(
            read([124, 6, 1, 12, 0, 60, 100]),
            Some(at("2024-06-01T12:00:59Z"))
        );
    }

    #[test]
    fn udf_times_keep_microseconds_and_negative_zones() {
        let time = UdfTime::from(at("2024-06-01T12:34:56.123456-01:30"));
        assert_eq!(
            time.as_bytes(),
            [0xA6, 0x1F, 0xE8, 0x07, 6, 1, 12, 34, 56, 12, 34, 56]
        );
    }

    #[test]
    fn udf_times_are_clamped_to_four_digit_years() {
        let far = Timestamp::from_unix(i64::MAX);
        assert_eq!(UdfTime::from(far).year.get(), 9999);
        assert_eq!(
            in_udf_range(Timestamp::from_unix(i64::MIN)),
            at("0001-01-01T00:00:00Z")
        );
    }

    #[test]
    fn udf_times_are_decoded_as_they_were_recorded() {
        for text in [
            "2024-06-01T12:34:56.123456-01:30",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999+05:45",
        ] {
            let decoded = UdfTime::from(at(text)).decode().unwrap();
            assert_eq!(decoded, at(text));
            assert_eq!(decoded.zone_minutes(), at(text).zone_minutes());
        }
    }

    #[test]
    fn udf_times_that_are_none_and_zones_that_are_not_given() {
        let mut time = UdfTime::from(at("2024-06-01T12:00:00Z"));
        time.type_and_zone = U16::new(0x1000 | (-2047_i16 as u16 & 0x0FFF));
        assert_eq!(time.decode(), Some(at("2024-06-01T12:00:00Z")));
        time.month = 13;
        assert_eq!(time.decode(), None);
        time.month = 0;
        assert_eq!(time.decode(), None);
        time.month = 1;
        for year in [i16::MIN, -1, 0, 10_000, i16::MAX] {
            time.year.set(year);
            assert_eq!(time.decode(), None);
        }
    }

    #[test]
    fn default_names_are_times() {
        assert_eq!(
            default_volume_name(at("2024-01-05T07:08:59+01:00")),
            "20240105_0608"
        );
    }
}
