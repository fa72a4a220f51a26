//! Numbers of bytes as people write them.

/// Reads a number with an optional unit, such as `500M`.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a number of bytes such as 1000000, 500M or 4G");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.trim_end().parse().map_err(|_| wrong())?;
    let unit = text[digits.len()..].to_ascii_uppercase();
    let (prefix, base) = match unit.strip_suffix("IB") {
        Some(prefix) if !prefix.is_empty() => (prefix, 1024_u64),
        _ => match unit.strip_suffix('B') {
            Some(prefix) => (prefix, 1000),
            None => (unit.as_str(), 1024),
        },
    };
    let power = match prefix {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(base.pow(power))
        .ok_or_else(|| format!("`{text}` is more bytes than can be counted"))
}
