//! One file that opens anywhere: the page, its style, its program and its data. It fetches nothing and may not.

use super::data;
use crate::figure::escape;
use crate::stages::{Loader, RunError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// The page's program, in the order in which its parts need each other.
const PROGRAM: [&str; 8] = [
    include_str!("page/scale.js"),
    include_str!("page/analysis.js"),
    include_str!("page/data.js"),
    include_str!("page/state.js"),
    include_str!("page/canvas.js"),
    include_str!("page/views.js"),
    include_str!("page/simulation.js"),
    include_str!("page/main.js"),
];

/// What a page may be.
#[derive(Clone, Debug)]
pub struct PageOptions {
    /// Bytes that the file may have, about.
    pub max_size: usize,
    /// The folder as a command line names it, for the commands that the page shows.
    pub folder: String,
    /// Seconds after which the page reads itself anew, while a run goes on.
    pub live: Option<u32>,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self {
            max_size: 20_000_000,
            folder: "sim_results".into(),
            live: None,
        }
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The file.
    pub html: String,
    /// What was rounded or left out, in sentences; the page's foot has them, too.
    pub notes: Vec<String>,
}

/// Makes the page of a sweep. The same folder and options give the same bytes.
///
/// # Errors
/// If a file of the folder cannot be read or is damaged.
pub fn page(loader: &Loader, options: &PageOptions) -> Result<Page, RunError> {
    let mut data = data::collect(loader, options.max_size)?;
    if let Some(meta) = data.meta.as_object_mut() {
        let mut notes = vec![format!("hnn-sweep {}.", env!("CARGO_PKG_VERSION"))];
        notes.extend(data.notes.iter().cloned());
        notes.push(
            // The state is behind the `#` of the address, which browsers do not send anywhere.
            "The address of this page holds the view: bookmark it, or send it with the file."
                .into(),
        );
        meta.insert("notes".into(), json!(notes));
        meta.insert("folder".into(), json!(quoted(&options.folder)));
        meta.insert("live".into(), json!(options.live));
    }
    let blobs = data.blobs.iter().map(|(name, text)| {
        format!("<script type=\"text/plain\" id=\"blob-{name}\">{text}</script>\n")
    });
    // A function of its own, so that names of the parts do not meet those of the browser.
    let program = format!("\"use strict\";\n(() => {{\n{}}})();\n", PROGRAM.concat());
    // The page allows exactly this program: whatever else a file might carry along does not run.
    let hash = STANDARD.encode(Sha256::digest(program.as_bytes()));
    let name = escape(loader.name());
    let html = fill(&[
        ("HASH", &hash),
        ("TITLE", &format!("{name} – sweep report")),
        ("CSS", STYLE),
        ("NAME", &name),
        ("META", &in_script(&data.meta)),
        ("BLOBS", &blobs.collect::<String>()),
        ("JS", &program),
    ]);
    Ok(Page {
        html,
        notes: data.notes,
    })
}

/// Puts texts into the template, in its order; nothing that was put in is looked at again.
fn fill(texts: &[(&str, &str)]) -> String {
    let mut html = String::with_capacity(
        TEMPLATE.len() + texts.iter().map(|(_, text)| text.len()).sum::<usize>(),
    );
    let mut rest = TEMPLATE;
    for (name, text) in texts {
        let mark = format!("{{{{{name}}}}}");
        if let Some((before, after)) = rest.split_once(mark.as_str()) {
            html.push_str(before);
            html.push_str(text);
            rest = after;
        }
    }
    html.push_str(rest);
    html
}

/// JSON that cannot end the element it is in.
fn in_script(value: &Value) -> String {
    value
        .to_string()
        // `</script>` in a sweep's name would end the element; as an escape it is only text.
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        // JSON may hold these two as they are, but older JavaScript takes them for ends of lines.
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_of_the_template_is_filled_once() {
        let names = ["HASH", "TITLE", "CSS", "NAME", "META", "BLOBS", "JS"];
        let filled = fill(&names.map(|name| (name, "{{TITLE}}")));
        assert_eq!(TEMPLATE.matches("{{").count(), names.len());
        assert_eq!(filled.matches("{{TITLE}}").count(), names.len());
    }

    #[test]
    fn json_cannot_end_its_element_and_reads_back() {
        let value = json!({"name": "</script><script>alert(1)</script><!--", "more": "a & b"});
        let text = in_script(&value);
        assert!(!text.contains(['<', '>', '&']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn the_program_cannot_end_its_element() {
        for part in PROGRAM {
            assert!(!part.contains("</script") && !part.contains("<!--"));
        }
    }

    #[test]
    fn a_folder_is_one_word_of_a_command() {
        assert_eq!(quoted("sim_results"), "sim_results");
        assert_eq!(quoted("my results/$(x)'s"), r"'my results/$(x)'\''s'");
    }
}
