//! How two specifications differ, in words.

use super::super::key::canon::CanonValue;

/// A place in which two values differ, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Path, such as `drives.evprox1.mu`.
    pub path: String,
    /// Value on the left, or `None` where it has none.
    pub left: Option<String>,
    /// Value on the right, or `None` where it has none.
    pub right: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.left, &self.right) {
            (Some(left), Some(right)) => write!(f, "{} {left} → {right}", self.path),
            (None, Some(right)) => write!(f, "{} added: {right}", self.path),
            (Some(left), None) => write!(f, "{} removed: {left}", self.path),
            (None, None) => write!(f, "{}", self.path),
        }
    }
}

/// Everything in which two resolved values differ.
pub fn differences(left: &CanonValue, right: &CanonValue) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(left), Some(right), &mut found);
    found
}

fn compare(
    path: &str,
    left: Option<&CanonValue>,
    right: Option<&CanonValue>,
    found: &mut Vec<Difference>,
) {
    let (l, r) = match (left, right) {
        (Some(l), Some(r)) if same(l, r) => return,
        (Some(l), Some(r)) => (l, r),
        _ => {
            found.push(Difference {
                path: path.to_string(),
                left: left.map(CanonValue::to_string),
                right: right.map(CanonValue::to_string),
            });
            return;
        }
    };
    match (l, r) {
        (CanonValue::Map(a), CanonValue::Map(b)) => {
            for (name, value) in a {
                compare(&join(path, name), Some(value), r.get(name), found);
            }
            // What is on both sides has been compared; the rest was added.
            for (name, value) in b.iter().filter(|(name, _)| l.get(name).is_none()) {
                compare(&join(path, name), None, Some(value), found);
            }
            let order = |fields: &[(String, CanonValue)]| -> Vec<String> {
                fields.iter().map(|(name, _)| name.clone()).collect()
            };
            let (mut a, mut b) = (order(a), order(b));
            if a != b {
                // The same names in another order are another network: order gives gids, and the
                // order of traces.
                let (before, after) = (a.join(", "), b.join(", "));
                a.sort();
                b.sort();
                if a == b {
                    found.push(Difference {
                        path: format!("order of {path}"),
                        left: Some(before),
                        right: Some(after),
                    });
                }
            }
        }
        (CanonValue::List(a), CanonValue::List(b)) => {
            let (a, b) = (labelled(a), labelled(b));
            let value = |items: &[(String, CanonValue)], label: &str| {
                items
                    .iter()
                    .find(|(l, _)| l == label)
                    .map(|(_, v)| v.clone())
            };
            for (label, item) in &a {
                let other = value(&b, label);
                compare(
                    &format!("{path}[{label}]"),
                    Some(item),
                    other.as_ref(),
                    found,
                );
            }
            for (label, item) in &b {
                if value(&a, label).is_none() {
                    compare(&format!("{path}[{label}]"), None, Some(item), found);
                }
            }
        }
        (CanonValue::Floats(a), CanonValue::Floats(b)) if a.len() == b.len() && a.len() > 4 => {
            // As the hash sees them: -0.0 and NaN never reach this place.
            let differ = |(x, y): &(&f64, &f64)| x.to_bits() != y.to_bits();
            let count = a.iter().zip(b).filter(differ).count();
            if let Some(i) = a.iter().zip(b).position(|pair| differ(&pair)) {
                found.push(Difference {
                    path: format!("{path}[{i}]"),
                    left: Some(a[i].to_string()),
                    right: Some(match count {
                        1 => b[i].to_string(),
                        _ => format!("{} (and {} more numbers)", b[i], count - 1),
                    }),
                });
            }
        }
        _ => found.push(Difference {
            path: path.to_string(),
            left: Some(l.to_string()),
            right: Some(r.to_string()),
        }),
    }
}

/// Every value inside a value, each as `path = value`.
pub fn leaves(value: &CanonValue) -> Vec<String> {
    let mut lines = Vec::new();
    collect("", value, &mut lines);
    lines
}

fn collect(path: &str, value: &CanonValue, lines: &mut Vec<String>) {
    match value {
        CanonValue::Map(fields) => {
            for (name, value) in fields {
                collect(&join(path, name), value, lines);
            }
        }
        CanonValue::List(items) => {
            for (label, item) in labelled(items) {
                collect(&format!("{path}[{label}]"), &item, lines);
            }
        }
        other => lines.push(format!("{path} = {other}")),
    }
}

/// Equality by bits, as the hash sees it.
fn same(l: &CanonValue, r: &CanonValue) -> bool {
    match (l, r) {
        (CanonValue::Float(a), CanonValue::Float(b)) => a.to_bits() == b.to_bits(),
        (CanonValue::Map(a), CanonValue::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, v), (m, w))| k == m && same(v, w))
        }
        (CanonValue::List(a), CanonValue::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(v, w)| same(v, w))
        }
        _ => l == r,
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_string(),
        _ => format!("{path}.{name}"),
    }
}

/// Items of a list by what they are (`src=…,target=…`) if they say so, else by their place.
fn labelled(items: &[CanonValue]) -> Vec<(String, CanonValue)> {
    let mut result: Vec<(String, CanonValue)> = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let words = ["src", "target", "location", "receptor"];
        let named: Option<Vec<String>> = words
            .iter()
            .map(|word| match item.get(word) {
                Some(CanonValue::Text(text)) => Some(format!("{word}={text}")),
                _ => None,
            })
            .collect();
        let label = named.map_or_else(|| i.to_string(), |parts| parts.join(","));
        // Several connections may have the same ends; they are told apart by their order.
        let twin = result
            .iter()
            .filter(|(l, _)| l.split('#').next() == Some(&label))
            .count();
        let label = match twin {
            0 => label,
            n => format!("{label}#{}", n + 1),
        };
        result.push((label, item.clone()));
    }
    result
}
