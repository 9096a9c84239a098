//! Processes of this machine: who they are, and whether they live.

use std::process::{Command, Stdio};

/// This process: its number and, where the system tells, the time at which it began, as numbers are given again.
pub fn own() -> String {
    of(std::process::id())
}

/// A process that lives.
pub fn of(id: u32) -> String {
    match began(&id.to_string()) {
        Some(began) => format!("{id} {began}"),
        None => id.to_string(),
    }
}

/// Whether a process of this machine lives.
pub fn lives(process: &str) -> bool {
    let (id, since) = match process.split_once(' ') {
        Some((id, since)) => (id, Some(since)),
        None => (process, None),
    };
    if !id.bytes().all(|b| b.is_ascii_digit()) || id.is_empty() {
        return false;
    }
    if let Some(since) = since {
        return began(id).as_deref() == Some(since);
    }
    let mut ask = Command::new("kill");
    ask.args(["-0", id])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}

/// When a process began, in the system's own words; nothing of one that has ended and is not yet buried.
fn began(id: &str) -> Option<String> {
    let stat = fs_err::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field, a name in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let is_dead = |state: &str| matches!(state, "Z" | "X");
    let state = fields.next()?;
    (!is_dead(state)).then(|| fields.nth(18).map(str::to_string))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_live_until_they_end() {
        assert!(lives(&own()));
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = of(child.id());
        assert!(lives(&process));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!lives(&process));
        assert!(!lives("") && !lives("-1") && !lives("x 1"));
    }
}
