//! Pictures in a terminal that can show them: kitty's and iTerm's protocols, and sixels.

use crate::figure::{png, sixel};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// How a terminal is told to show a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Kitty,
    ITerm,
    Sixel,
}

/// What the terminal understands, by its environment: asking it would have to wait for an answer that may not come.
pub(super) fn protocol(variable: impl Fn(&str) -> Option<String>) -> Option<Protocol> {
    let term = variable("TERM").unwrap_or_default();
    // A multiplexer keeps these sequences for itself.
    if variable("TMUX").is_some() || term.starts_with("screen") || term.starts_with("tmux") {
        return None;
    }
    let program = variable("TERM_PROGRAM")
        .or_else(|| variable("LC_TERMINAL"))
        .unwrap_or_default();
    let kitty = ["xterm-kitty", "xterm-ghostty"].contains(&term.as_str());
    if kitty || variable("KITTY_WINDOW_ID").is_some() || program == "ghostty" {
        return Some(Protocol::Kitty);
    }
    if ["iTerm.app", "iTerm2", "WezTerm", "mintty", "vscode"].contains(&program.as_str()) {
        return Some(Protocol::ITerm);
    }
    let sixels = ["foot", "mlterm", "yaft", "contour"];
    let known = sixels.iter().any(|name| term.starts_with(name));
    (known || term.contains("sixel")).then_some(Protocol::Sixel)
}

/// The bytes that show an SVG.
pub(super) fn shown(svg: &str, protocol: Protocol, dpi: f64) -> Result<String, String> {
    match protocol {
        Protocol::Kitty => Ok(kitty(&STANDARD.encode(png(svg, dpi)?))),
        Protocol::ITerm => Ok(iterm(&png(svg, dpi)?)),
        Protocol::Sixel => sixel(svg, dpi),
    }
}

/// A PNG in pieces of 4096 characters, the most that kitty takes at once.
fn kitty(text: &str) -> String {
    let mut sequences = String::new();
    let mut rest = text;
    let mut head = "a=T,f=100,";
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.len().min(4096));
        let goes_on = u8::from(!more.is_empty());
        let _ = write!(sequences, "\x1b_G{head}m={goes_on};{piece}\x1b\\");
        (rest, head) = (more, "");
    }
    sequences
}

fn iterm(png: &[u8]) -> String {
    let (size, text) = (png.len(), STANDARD.encode(png));
    format!("\x1b]1337;File=inline=1;size={size}:{text}\x07")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<Protocol> {
        protocol(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_string())
        })
    }

    #[test]
    fn a_terminal_is_known_by_its_environment() {
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Some(Protocol::Kitty));
        let iterm = [("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")];
        assert_eq!(of(&iterm), Some(Protocol::ITerm));
        assert_eq!(of(&[("TERM", "foot-extra")]), Some(Protocol::Sixel));
        assert_eq!(of(&[("TERM", "xterm-256color")]), None);
        assert_eq!(of(&[]), None);
        let inside = [("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")];
        assert_eq!(of(&inside), None);
    }

    #[test]
    fn kitty_gets_a_picture_in_pieces_that_come_together_again() {
        let text = "A".repeat(4096) + &"B".repeat(10);
        let sequences = kitty(&text);
        assert!(sequences.starts_with("\x1b_Ga=T,f=100,m=1;AAAA"));
        assert!(sequences.ends_with(&format!("\x1b_Gm=0;{}\x1b\\", "B".repeat(10))));
        let pieces = sequences.split("\x1b\\").filter_map(|s| s.split_once(';'));
        assert_eq!(pieces.map(|(_, piece)| piece).collect::<String>(), text);
    }

    #[test]
    fn iterm_gets_the_whole_file_and_its_size() {
        assert_eq!(iterm(b"png"), "\x1b]1337;File=inline=1;size=3:cG5n\x07");
    }
}
