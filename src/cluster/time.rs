//! Times of jobs.

use std::time::Duration;

/// A time as SLURM writes it (`90` minutes, `1:30:00`, `2-12` days and hours, …), or a number with a unit
/// (`90s`, `30m`, `2h`, `1d`); `None` of anything else, and of nothing.
///
/// ```
/// use hnn_sweep::cluster::parse_time;
///
/// let minutes = |text| parse_time(text).map(|time| time.as_secs() / 60);
/// assert_eq!(minutes("90"), Some(90));
/// assert_eq!(minutes("1:30:00"), Some(90));
/// assert_eq!(minutes("90:00"), Some(90));
/// assert_eq!(minutes("1-2"), Some(26 * 60));
/// assert_eq!(minutes("1.5h"), Some(90));
/// assert_eq!(minutes("soon"), None);
/// ```
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let seconds = match unit(text) {
        Some(seconds) => seconds,
        None => of_slurm(text)?,
    };
    (seconds >= 1.0).then(|| Duration::try_from_secs_f64(seconds).ok())?
}

fn unit(text: &str) -> Option<f64> {
    let units = [
        ("s", 1.0),
        ("m", 60.0),
        ("min", 60.0),
        ("h", 3600.0),
        ("d", 86400.0),
    ];
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let (_, seconds) = units.iter().find(|(name, _)| *name == unit)?;
    let number: f64 = number.trim().parse().ok()?;
    Some(number * seconds)
}

fn of_slurm(text: &str) -> Option<f64> {
    let number = |word: &str| {
        let digits = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| word.parse::<f64>().ok())?
    };
    let all = |text: &str| text.split(':').map(number).collect::<Option<Vec<f64>>>();
    if let Some((days, rest)) = text.split_once('-') {
        let (hours, minutes, seconds) = match all(rest)?.as_slice() {
            [h] => (*h, 0.0, 0.0),
            [h, m] => (*h, *m, 0.0),
            [h, m, s] => (*h, *m, *s),
            _ => return None,
        };
        return Some(number(days)? * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds);
    }
    match all(text)?.as_slice() {
        [m] => Some(m * 60.0),
        [m, s] => Some(m * 60.0 + s),
        [h, m, s] => Some(h * 3600.0 + m * 60.0 + s),
        _ => None,
    }
}

/// A time as SLURM reads it: `2:30:00`, with days in front of long ones.
pub fn in_slurm(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86400, seconds / 3600 % 24);
    let rest = format!("{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    match days {
        0 => format!("{hours}:{rest}"),
        _ => format!("{days}-{hours:02}:{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_slurm_reads_them_and_written_back() {
        let seconds = |text: &str| parse(text).map(|time| time.as_secs());
        for (text, expected) in [
            ("10", 600),
            ("10:30", 630),
            ("2:00:00", 7200),
            ("1-0", 86400),
            ("1-1:30", 86400 + 5400),
            ("1-01:30:05", 86400 + 5405),
            ("90s", 90),
            ("1.5 h", 5400),
            ("2d", 172_800),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
            assert_eq!(
                seconds(&in_slurm(Duration::from_secs(expected))),
                Some(expected)
            );
        }
        for text in [
            "", "0", "-5", "1:2:3:4", "1h30", "h", "1e3", "0:00", "1-", "2 weeks", "nan h",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
