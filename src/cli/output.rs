//! Standard output and standard error. A reader that has gone away is no error; a full disk is one, but never a
//! reason to break off what is under way: [`lost`] tells at the end.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Why standard output could not be written, the first time.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line to standard output.
pub(super) fn print(text: Arguments) {
    note(writeln!(io::stdout(), "{text}"));
}

/// Prints a line to standard error. Nobody is left to be told if that fails.
pub(super) fn print_error(text: Arguments) {
    // There is nowhere left to tell that standard error is lost.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Keeps in mind that standard output could not be written.
pub(super) fn note(result: io::Result<()>) {
    if let Err(error) = result
        // `hnn-sweep table … | head` closes the pipe on purpose.
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the first: those after it follow from it.
        lost.get_or_insert(error);
    }
}

/// Why standard output lacks something, if it does.
pub(super) fn lost() -> Option<io::Error> {
    // Output to a file may fail as late as here.
    note(io::stdout().flush());
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Prints a line to standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::output::print(format_args!($($text)*)) };
}
pub(super) use say;

/// Prints a line to standard error.
macro_rules! complain {
    ($($text:tt)*) => { $crate::cli::output::print_error(format_args!($($text)*)) };
}
pub(super) use complain;
