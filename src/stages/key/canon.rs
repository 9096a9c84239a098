//! Canonical bytes: one way to write a value, and a way to read it back and to say how two differ.
//!
//! The encoding names its fields, so that a stored task can be explained long after the program has changed.
//! Every value starts with a tag; maps and lists end with one. Numbers are little-endian and of fixed width.

use crate::store::Hash;

/// Largest nesting that is read back; what this program writes stays below ten.
const MAX_DEPTH: usize = 64;

mod tag {
    pub const END: u8 = 0;
    pub const NONE: u8 = 1;
    pub const BOOL: u8 = 2;
    pub const INT: u8 = 3;
    pub const FLOAT: u8 = 4;
    pub const TEXT: u8 = 5;
    pub const LIST: u8 = 6;
    pub const MAP: u8 = 7;
    pub const LINK: u8 = 8;
    pub const FLOATS: u8 = 9;
    pub const INTS: u8 = 10;
}

/// Writes canonical bytes.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
    has_nan: bool,
}

impl Writer {
    /// Writes over what is in a buffer, and uses its memory.
    pub fn over(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self {
            bytes: buffer,
            has_nan: false,
        }
    }

    /// The bytes, and whether a NaN was among the values.
    pub fn finish(self) -> (Vec<u8>, bool) {
        (self.bytes, self.has_nan)
    }

    /// No value.
    pub fn none(&mut self) {
        self.bytes.push(tag::NONE);
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) {
        self.bytes.extend([tag::BOOL, u8::from(value)]);
    }

    /// A whole number.
    pub fn int(&mut self, value: u64) {
        self.bytes.push(tag::INT);
        self.bytes.extend(value.to_le_bytes());
    }

    /// A float by its bits; -0.0 is written as 0.0.
    pub fn float(&mut self, value: f64) {
        self.bytes.push(tag::FLOAT);
        self.raw_float(value);
    }

    /// Text.
    pub fn text(&mut self, value: &str) {
        self.bytes.push(tag::TEXT);
        self.raw_text(value);
    }

    /// A part that is kept apart, by its hash.
    pub fn link(&mut self, hash: &Hash) {
        self.bytes.push(tag::LINK);
        self.bytes.extend(hash.as_bytes());
    }

    /// Floats without a tag each.
    pub fn floats(&mut self, values: impl ExactSizeIterator<Item = f64>) {
        self.bytes.push(tag::FLOATS);
        self.raw_len(values.len());
        for value in values {
            self.raw_float(value);
        }
    }

    /// Whole numbers without a tag each.
    pub fn ints(&mut self, values: impl ExactSizeIterator<Item = u32>) {
        self.bytes.push(tag::INTS);
        self.raw_len(values.len());
        for value in values {
            self.bytes.extend(value.to_le_bytes());
        }
    }

    /// A list; `items` writes one value after the other.
    pub fn list(&mut self, items: impl FnOnce(&mut Self)) {
        self.bytes.push(tag::LIST);
        items(self);
        self.bytes.push(tag::END);
    }

    /// A map; `fields` calls [`Writer::field`] for each entry.
    pub fn map(&mut self, fields: impl FnOnce(&mut Self)) {
        self.bytes.push(tag::MAP);
        fields(self);
        self.bytes.push(tag::END);
    }

    /// An entry of a map.
    pub fn field(&mut self, name: &str, value: &(impl Canonical + ?Sized)) {
        self.field_with(name, |w| value.write(w));
    }

    /// An entry of a map whose value `write` writes.
    pub fn field_with(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.bytes.push(tag::TEXT);
        self.raw_text(name);
        write(self);
    }

    fn raw_float(&mut self, value: f64) {
        self.has_nan |= value.is_nan();
        // -0.0 and 0.0 simulate alike, so they have one key.
        let value = if value == 0.0 { 0.0 } else { value };
        self.bytes.extend(value.to_bits().to_le_bytes());
    }

    fn raw_len(&mut self, len: usize) {
        self.bytes.extend((len as u64).to_le_bytes());
    }

    fn raw_text(&mut self, text: &str) {
        self.raw_len(text.len());
        self.bytes.extend(text.as_bytes());
    }
}

/// A value that has canonical bytes.
pub trait Canonical {
    /// Writes the value.
    fn write(&self, w: &mut Writer);
}

impl Canonical for bool {
    fn write(&self, w: &mut Writer) {
        w.bool(*self);
    }
}

impl Canonical for f64 {
    fn write(&self, w: &mut Writer) {
        w.float(*self);
    }
}

impl Canonical for u8 {
    fn write(&self, w: &mut Writer) {
        w.int((*self).into());
    }
}

impl Canonical for u32 {
    fn write(&self, w: &mut Writer) {
        w.int((*self).into());
    }
}

impl Canonical for u64 {
    fn write(&self, w: &mut Writer) {
        w.int(*self);
    }
}

impl Canonical for str {
    fn write(&self, w: &mut Writer) {
        w.text(self);
    }
}

impl Canonical for String {
    fn write(&self, w: &mut Writer) {
        w.text(self);
    }
}

impl Canonical for Hash {
    fn write(&self, w: &mut Writer) {
        w.link(self);
    }
}

impl<const N: usize> Canonical for [f64; N] {
    fn write(&self, w: &mut Writer) {
        w.floats(self.iter().copied());
    }
}

impl Canonical for [String] {
    fn write(&self, w: &mut Writer) {
        w.list(|w| self.iter().for_each(|item| w.text(item)));
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn write(&self, w: &mut Writer) {
        match self {
            Some(value) => value.write(w),
            None => w.none(),
        }
    }
}

/// A value read back from canonical bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum CanonValue {
    /// No value.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(u64),
    /// A float.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<CanonValue>),
    /// A map in the order written.
    Map(Vec<(String, CanonValue)>),
    /// A part that is kept apart.
    Link(Hash),
    /// Floats.
    Floats(Vec<f64>),
    /// Whole numbers.
    Ints(Vec<u32>),
}

/// Reads canonical bytes back; `None` if they are not what [`Writer`] writes.
pub fn read(bytes: &[u8]) -> Option<CanonValue> {
    let mut rest = bytes;
    let value = read_value(&mut rest, 0)?;
    rest.is_empty().then_some(value)
}

fn read_value(rest: &mut &[u8], depth: usize) -> Option<CanonValue> {
    // What was read may be damaged: a stack must not overflow over it.
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match take::<1>(rest)?[0] {
        tag::NONE => CanonValue::None,
        tag::BOOL => CanonValue::Bool(take::<1>(rest)?[0] != 0),
        tag::INT => CanonValue::Int(u64::from_le_bytes(take(rest)?)),
        tag::FLOAT => CanonValue::Float(f64::from_le_bytes(take(rest)?)),
        tag::TEXT => CanonValue::Text(read_text(rest)?),
        tag::LINK => CanonValue::Link(Hash::from_bytes(take(rest)?)),
        tag::FLOATS => {
            let raw = read_raw(rest, 8)?;
            let floats = raw.chunks_exact(8);
            CanonValue::Floats(
                floats
                    .filter_map(|b| Some(f64::from_le_bytes(b.try_into().ok()?)))
                    .collect(),
            )
        }
        tag::INTS => {
            let raw = read_raw(rest, 4)?;
            let ints = raw.chunks_exact(4);
            CanonValue::Ints(
                ints.filter_map(|b| Some(u32::from_le_bytes(b.try_into().ok()?)))
                    .collect(),
            )
        }
        tag::LIST => {
            let mut items = Vec::new();
            // A list is as long as it goes: only its end is marked.
            while *rest.first()? != tag::END {
                items.push(read_value(rest, depth + 1)?);
            }
            take::<1>(rest)?;
            CanonValue::List(items)
        }
        tag::MAP => {
            let mut fields = Vec::new();
            while take::<1>(rest)?[0] == tag::TEXT {
                fields.push((read_text(rest)?, read_value(rest, depth + 1)?));
            }
            CanonValue::Map(fields)
        }
        _ => return None,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn read_raw<'a>(rest: &mut &'a [u8], width: usize) -> Option<&'a [u8]> {
    let len = usize::try_from(u64::from_le_bytes(take(rest)?)).ok()?;
    // Checked before anything is allocated: a damaged length may be anything.
    let (head, tail) = rest.split_at_checked(len.checked_mul(width)?)?;
    *rest = tail;
    Some(head)
}

fn read_text(rest: &mut &[u8]) -> Option<String> {
    String::from_utf8(read_raw(rest, 1)?.to_vec()).ok()
}

impl CanonValue {
    /// The entry of a map.
    pub fn get(&self, name: &str) -> Option<&CanonValue> {
        match self {
            CanonValue::Map(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Replaces every link by what `load` finds for it, so that values can be compared as a whole.
    pub fn resolve(self, load: &mut dyn FnMut(&Hash) -> Option<CanonValue>) -> CanonValue {
        match self {
            CanonValue::Link(hash) => match load(&hash) {
                Some(value) => value.resolve(load),
                None => CanonValue::Link(hash),
            },
            CanonValue::List(items) => {
                CanonValue::List(items.into_iter().map(|item| item.resolve(load)).collect())
            }
            CanonValue::Map(fields) => CanonValue::Map(
                fields
                    .into_iter()
                    .map(|(key, value)| (key, value.resolve(load)))
                    .collect(),
            ),
            other => other,
        }
    }

    /// Path of the first NaN.
    pub fn find_nan(&self) -> Option<String> {
        let inside = |name: String, value: &CanonValue| {
            value.find_nan().map(|path| match path.as_str() {
                "" => name.clone(),
                _ => format!("{name}.{path}"),
            })
        };
        match self {
            CanonValue::Float(x) if x.is_nan() => Some(String::new()),
            CanonValue::Floats(values) => values
                .iter()
                .position(|x| x.is_nan())
                .map(|i| format!("[{i}]")),
            CanonValue::List(items) => items
                .iter()
                .enumerate()
                .find_map(|(i, item)| inside(format!("[{i}]"), item)),
            CanonValue::Map(fields) => fields
                .iter()
                .find_map(|(key, value)| inside(key.clone(), value)),
            _ => None,
        }
    }
}

impl std::fmt::Display for CanonValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CanonValue::None => write!(f, "none"),
            CanonValue::Bool(x) => write!(f, "{x}"),
            CanonValue::Int(x) => write!(f, "{x}"),
            CanonValue::Float(x) => write!(f, "{x}"),
            CanonValue::Text(x) => write!(f, "\"{x}\""),
            CanonValue::List(items) => write!(f, "{} entries", items.len()),
            CanonValue::Map(fields) => write!(f, "{{{} entries}}", fields.len()),
            CanonValue::Link(hash) => write!(f, "part {}", hash.short()),
            CanonValue::Floats(xs) if xs.len() <= 4 => write!(f, "{xs:?}"),
            CanonValue::Floats(xs) => write!(f, "{} numbers", xs.len()),
            CanonValue::Ints(xs) if xs.len() <= 4 => write!(f, "{xs:?}"),
            CanonValue::Ints(xs) => write!(f, "{} numbers", xs.len()),
        }
    }
}
