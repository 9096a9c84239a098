//! Names and sizes that a sweep can have.

/// What is wrong with a name.
pub const WRONG_NAME: &str =
    "`name` must have 1 to 200 characters, without slashes and control characters";

/// Whether a sweep can have this name.
pub fn is_name(name: &str) -> bool {
    let usable = |c: char| !c.is_control() && c != '/' && c != '\\';
    (1..=200).contains(&name.chars().count()) && name.chars().all(usable)
}

/// What is wrong with a folder.
pub const WRONG_FOLDER: &str = "`save_folder` must not be empty, nor begin with `~`, which only the shell understands: write the path in full";

/// Whether results can go to a folder of this name.
pub fn is_folder(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0') && name != "~" && !name.starts_with("~/")
}

/// Simulations that a batch may have.
pub const BATCH_SIZES: std::ops::Range<i64> = 1..1_000_001;

/// Most elements of one kind, such as drives or summaries.
pub const MAX_ELEMENTS: usize = 2_000;

/// Most parameters of a grid, or of samples.
pub const MAX_PARAMETERS: usize = 2_000;
