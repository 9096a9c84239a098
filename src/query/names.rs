//! Tables and parameters of a folder that queries know.

use crate::store::{State, Table};

/// Columns of the joined parameters: those that place a row, then the parameters themselves.
pub(super) fn parameters(state: &State) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for sweep in state.sweeps.values() {
        for (name, _) in &sweep.parameters {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

/// Tables that have rows.
pub(super) fn tables(state: &State) -> Vec<Table> {
    let has_rows = |table: &Table| {
        let prefix = format!("{}/", table.name());
        state.parts.keys().any(|name| name.starts_with(&prefix))
    };
    Table::ALL.into_iter().filter(has_rows).collect()
}
