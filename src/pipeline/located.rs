//! Errors of the network at the key of the file that they are about.

use super::error::{PipelineError, did_you_mean};
use super::reader::Place;
use super::scope::Env;
use crate::network::NetworkError;

/// An error of the network at the key that it is about.
pub(super) fn located(
    error: NetworkError,
    owner: &Place,
    places: &[Place],
    env: &Env,
) -> PipelineError {
    let own = error.argument_name();
    let wrong_name = match &error {
        NetworkError::UnknownName { name, .. } => Some(name),
        _ => None,
    };
    // Where no key names the receptor, a section without it is a wrong location.
    let argument = match own {
        "receptor" if !places.iter().any(|p| p.name == "receptor") => "location",
        other => other,
    };
    let parts = error.owners().iter().chain(wrong_name);
    let place = parts
        .map(|part| format!("{argument}.{part}"))
        .chain([argument.to_owned()])
        .find_map(|key| places.iter().find(|p| p.name == key))
        .unwrap_or(owner);
    let owners: String = error.owners().iter().map(|o| format!(" of {o}")).collect();
    let shown = format!("{}: {own}{owners}", owner.owner);
    let condition = env.where_clause();
    let at = |message: String| env.source.error(&place.span, message);
    match error {
        NetworkError::Argument { value, allowed, .. } => {
            at(format!("{shown} is {value}{condition}: {allowed}"))
        }
        NetworkError::UnknownName { name, known, .. } => {
            at(format!("{shown}: there is no \"{name}\"{condition}"))
                .with_help(did_you_mean(&name, &known))
        }
        other => at(format!("{}: {other}{condition}", owner.owner)),
    }
}
