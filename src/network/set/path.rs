//! The grammar of paths: names between dots, quoted where they contain one, and `[key=value|value,…]` after a name.

use crate::network::NetworkError;

/// A parsed path; it has at least one segment.
pub(super) struct Path<'a> {
    text: &'a str,
    pub(super) segments: Vec<PathSegment>,
}

/// One step of a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PathSegment {
    pub(super) name: String,
    /// Keys with the values of which one must match.
    pub(super) selector: Vec<(String, Vec<String>)>,
}

impl<'a> Path<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, NetworkError> {
        let malformed = |what: &str| NetworkError::argument("path", format!("\"{text}\""), what);
        let mut segments = Vec::new();
        let mut rest = text.trim();
        loop {
            let (name, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted
                    .split_once('"')
                    .ok_or_else(|| malformed("a quote is not closed"))?,
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            if name.trim().is_empty() {
                return Err(malformed(
                    "a name is missing: a path is made of names between dots, such as drives.evprox1.mu",
                ));
            }
            let mut segment = PathSegment {
                name: name.trim().into(),
                selector: Vec::new(),
            };
            rest = after;
            if let Some(inside) = rest.strip_prefix('[') {
                let (inside, after) = inside
                    .split_once(']')
                    .ok_or_else(|| malformed("a bracket is not closed"))?;
                segment.selector = selector(inside)
                    .ok_or_else(|| malformed("between brackets, write key=value pairs, such as [src=L2_basket,receptor=gabaa]"))?;
                rest = after;
            }
            if !segment.selector.is_empty()
                && (segment.name != "connections" || !segments.is_empty())
            {
                return Err(malformed("only connections are chosen with brackets"));
            }
            segments.push(segment);
            if rest.is_empty() {
                return Ok(Self { text, segments });
            }
            rest = rest
                .strip_prefix('.')
                .ok_or_else(|| malformed("a dot must follow a bracket or a quote"))?;
        }
    }

    /// Says in an error which path it is about.
    pub(super) fn locate(&self, error: NetworkError) -> NetworkError {
        NetworkError::file(self.text, error.to_string())
    }
}

fn selector(inside: &str) -> Option<Vec<(String, Vec<String>)>> {
    if inside.trim().is_empty() {
        return Some(Vec::new());
    }
    let entry = |entry: &str| {
        let (key, values) = entry.split_once('=')?;
        let key = match key.trim() {
            "src_type" | "src_gids" => "src",
            "target_type" | "target_gids" => "target",
            key => key,
        };
        let values: Vec<String> = values
            .split('|')
            .map(|value| value.trim().trim_matches('"').into())
            .collect();
        (!key.is_empty()).then(|| (key.into(), values))
    };
    inside.split(',').map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<PathSegment> {
        Path::parse(text)
            .map(|path| path.segments)
            .unwrap_or_default()
    }

    fn named(name: &str) -> PathSegment {
        PathSegment {
            name: name.into(),
            ..Default::default()
        }
    }

    #[test]
    fn names_stand_between_dots_and_may_be_quoted() {
        assert_eq!(
            parsed("drives.\"ev.prox\".mu"),
            [named("drives"), named("ev.prox"), named("mu")]
        );
    }

    #[test]
    fn brackets_choose_connections() {
        let path = parsed("connections[src=L2_basket, receptor=gabaa|gabab].weight");
        let wanted = |values: &[&str]| values.iter().map(|v| v.to_string()).collect::<Vec<_>>();
        let selector = vec![
            ("src".to_string(), wanted(&["L2_basket"])),
            ("receptor".to_string(), wanted(&["gabaa", "gabab"])),
        ];
        assert_eq!(path[0].selector, selector);
        assert_eq!(path[1], named("weight"));
    }

    #[test]
    fn malformed_paths_are_refused_in_words() {
        for (path, expected) in [
            ("", "a name is missing"),
            ("drives..mu", "a name is missing"),
            ("drives.\"ev", "a quote is not closed"),
            ("connections[src=a.weight", "a bracket is not closed"),
            ("connections[src].weight", "key=value"),
            ("connections[src=a]weight", "a dot must follow"),
            ("cells[src=a].L", "only connections"),
        ] {
            let error = Path::parse(path)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains(expected), "{path}: {error}");
        }
    }
}
