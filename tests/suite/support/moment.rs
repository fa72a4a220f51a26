//! Times as the standards record them.

use std::fmt;

use super::bytes::le16;

/// A date and a time of day in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    micros: u32,
    /// How many digits of the microseconds are recorded.
    digits: usize,
    /// Minutes east of UTC.
    zone: i32,
}

impl Moment {
    #[track_caller]
    fn new(year: u16, [month, day, hour, minute, second]: [u8; 5], zone: i32) -> Self {
        assert!((1..=9999).contains(&year), "year {year}");
        assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        assert!(hour < 24 && minute < 60 && second < 60);
        Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            micros: 0,
            digits: 0,
            zone,
        }
    }

    /// The time of a directory record (ECMA-119 9.1.5).
    #[track_caller]
    pub(crate) fn of_record(bytes: &[u8]) -> Self {
        let [year, month, day, hour, minute, second, quarters] = bytes[..7] else {
            unreachable!()
        };
        let rest = [month, day, hour, minute, second];
        Self::new(1900 + u16::from(year), rest, quarter_zone(quarters))
    }

    /// The time of a volume descriptor (ECMA-119 8.4.26.1); nothing if it is not given.
    #[track_caller]
    pub(crate) fn of_volume(bytes: &[u8]) -> Option<Self> {
        let digits = &bytes[..16];
        assert!(digits.iter().all(u8::is_ascii_digit));
        if digits == b"0000000000000000" {
            assert_eq!(bytes[16], 0);
            return None;
        }
        let number = |from: usize| 10 * (digits[from] - b'0') + digits[from + 1] - b'0';
        let year = 100 * u16::from(number(0)) + u16::from(number(2));
        let rest = [4, 6, 8, 10, 12].map(number);
        let moment = Self::new(year, rest, quarter_zone(bytes[16]));
        Some(Self {
            micros: 10_000 * u32::from(number(14)),
            digits: 2,
            ..moment
        })
    }

    /// A timestamp of UDF (ECMA-167 1/7.3, UDF 2.1.4).
    #[track_caller]
    pub(crate) fn of_udf(bytes: &[u8]) -> Self {
        let type_and_zone = le16(bytes, 0);
        assert_eq!(type_and_zone >> 12, 1, "local time");
        // 12 bits with a sign.
        let zone = i32::from((type_and_zone << 4) as i16 >> 4);
        assert!((-1440..=1440).contains(&zone), "zone {zone}");
        let rest = bytes[4..9].try_into().unwrap();
        let [centiseconds, hundreds, micros] = bytes[9..12] else {
            unreachable!()
        };
        assert!(centiseconds < 100 && hundreds < 100 && micros < 100);
        Self {
            micros: 10_000 * u32::from(centiseconds)
                + 100 * u32::from(hundreds)
                + u32::from(micros),
            digits: 6,
            ..Self::new(le16(bytes, 2), rest, zone)
        }
    }

    /// Seconds since 1970-01-01 00:00 UTC.
    pub(crate) fn unix_seconds(self) -> i64 {
        // The year begins in March, so that a leap day comes last.
        let (year, month) = match i64::from(self.month) {
            month @ 1..=2 => (i64::from(self.year) - 1, month + 9),
            month => (i64::from(self.year), month - 3),
        };
        let days = 365 * year + year / 4 - year / 100
            + year / 400
            + (153 * month + 2) / 5
            + i64::from(self.day)
            - 719_469;
        let minutes = 60 * (24 * days + i64::from(self.hour)) + i64::from(self.minute);
        60 * (minutes - i64::from(self.zone)) + i64::from(self.second)
    }

    pub(crate) fn micros(self) -> u32 {
        self.micros
    }
}

#[track_caller]
fn quarter_zone(quarters: u8) -> i32 {
    let quarters = quarters as i8;
    assert!((-48..=52).contains(&quarters), "zone {quarters}");
    15 * i32::from(quarters)
}

/// As in RFC 3339, with as many digits as are recorded.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            digits,
            ..
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if *digits > 0 {
            write!(f, ".{}", &format!("{:06}", self.micros)[..*digits])?;
        }
        let sign = if self.zone < 0 { '-' } else { '+' };
        match self.zone.abs() {
            0 => write!(f, "Z"),
            zone => write!(f, "{sign}{:02}:{:02}", zone / 60, zone % 60),
        }
    }
}

impl PartialEq<&str> for Moment {
    fn eq(&self, other: &&str) -> bool {
        let text = self.to_string();
        text == **other
    }
}

#[test]
fn seconds_are_counted_from_1970() {
    for (bytes, text) in [
        ([70, 1, 1, 0, 0, 0, 0], "1970-01-01T00:00:00Z"),
        ([100, 2, 29, 12, 0, 0, 4], "2000-02-29T12:00:00+01:00"),
        ([0, 3, 1, 0, 0, 0, 0], "1900-03-01T00:00:00Z"),
        ([255, 12, 31, 23, 59, 59, 0xFC], "2155-12-31T23:59:59-01:00"),
    ] {
        let moment = Moment::of_record(&bytes);
        assert_eq!(moment, text);
        assert_eq!(moment.unix_seconds(), super::at(text).unix_seconds());
    }
}
