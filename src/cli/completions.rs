//! `hnn-sweep completions` and `hnn-sweep man`: what the command line says of itself, for shells and for man.

use super::exit::SUCCESS;
use super::output::say;
use crate::stages::RunError;
use crate::store::StoreError;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep completions bash > ~/.local/share/bash-completion/completions/hnn-sweep
  hnn-sweep completions zsh  > ~/.zfunc/_hnn-sweep            # with `fpath+=~/.zfunc` before compinit in ~/.zshrc
  hnn-sweep completions fish > ~/.config/fish/completions/hnn-sweep.fish")]
pub(super) struct Arguments {
    /// Shell
    shell: Shell,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hnn-sweep man ~/.local/share/man/man1       then `man hnn-sweep-run`")]
pub(super) struct ManArguments {
    /// Folder of the pages
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments, mut command: Command) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "hnn-sweep", &mut script);
    say!("{}", String::from_utf8_lossy(&script).trim_end());
    SUCCESS
}

/// A page for the program, and one for each verb.
pub(super) fn man(arguments: &ManArguments, mut command: Command) -> Result<u8, RunError> {
    // Fills in what clap derives late: without it, pages lack their full names and global options.
    command.build();
    let verbs = command
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
        .cloned();
    let mut n = 0;
    for page in [command.clone()]
        .into_iter()
        .chain(verbs.collect::<Vec<_>>())
    {
        let name = page
            // `hnn-sweep-run` and not `run`: pages of all programs share one folder.
            .get_display_name()
            .unwrap_or(page.get_name())
            .to_string();
        let path = arguments.folder.join(format!("{name}.1"));
        let mut text = Vec::new();
        Man::new(page)
            .render(&mut text)
            .map_err(|e| StoreError::io("write", &path, e))?;
        super::folder::write_whole(&path, &text)?;
        n += 1;
    }
    say!("{n} pages in {}", arguments.folder.display());
    Ok(SUCCESS)
}
