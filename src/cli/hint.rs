//! Commands that messages propose: with the folder that was meant, and as a shell reads them.

use std::path::Path;

/// A path, a name or a text as a word of a shell.
pub(super) fn quoted(word: impl AsRef<std::ffi::OsStr>) -> String {
    let word = word.as_ref().to_string_lossy();
    shlex::try_quote(&word).map_or_else(|_| word.to_string(), |quoted| quoted.into_owned())
}

/// `hnn-sweep VERB FILE`, with the folder if it is not the file's own.
pub(super) fn command(verb: &str, file: &Path, folder: Option<&Path>) -> String {
    let folder = folder.map_or_else(String::new, |folder| {
        format!(" --folder {}", quoted(folder))
    });
    format!("hnn-sweep {verb} {}{folder}", quoted(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("results/a-b_1.toml"), "results/a-b_1.toml");
        assert_eq!(quoted("my results"), "'my results'");
        let folder = Some(Path::new("$HOME"));
        assert_eq!(
            command("run", Path::new("a b.toml"), folder),
            "hnn-sweep run 'a b.toml' --folder '$HOME'"
        );
    }
}
