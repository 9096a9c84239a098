//! Python's pickles, protocol 4: just the opcodes that hnn-core's results need, written as a stream.
//!
//! Classes are named where both NumPy 1.26 and 2.x keep them (`numpy.ndarray`, `numpy.dtype`, `numpy.str_`), not by the
//! private modules that NumPy itself writes and that were renamed in between.

use std::collections::HashMap;
use std::io::{Result, Write};

/// Floats that are appended to a list at a time.
const FLOATS_AT_ONCE: usize = 4096;

/// Writes one pickle.
pub struct Pickler<W> {
    out: W,
    /// Values that later ones refer to, by what they are.
    memo: HashMap<String, u32>,
}

impl<W: Write> Pickler<W> {
    /// Begins a pickle.
    pub fn new(mut out: W) -> Result<Self> {
        // Protocol 4: the first with byte strings beyond 4 GiB.
        out.write_all(&[0x80, 4])?;
        let memo = HashMap::new();
        Ok(Self { out, memo })
    }

    /// Ends it: the value on the stack is its content.
    pub fn finish(mut self) -> Result<W> {
        self.op(b'.')?;
        Ok(self.out)
    }

    fn op(&mut self, op: u8) -> Result<()> {
        self.out.write_all(&[op])
    }

    /// `None`.
    pub fn none(&mut self) -> Result<()> {
        self.op(b'N')
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) -> Result<()> {
        self.op(if value { 0x88 } else { 0x89 })
    }

    /// A whole number.
    pub fn int(&mut self, value: i64) -> Result<()> {
        match i32::try_from(value) {
            Ok(small) => {
                // Always four bytes: a file has few of them, and shorter forms would save nothing.
                self.op(b'J')?;
                self.out.write_all(&small.to_le_bytes())
            }
            Err(_) => {
                self.out.write_all(&[0x8a, 8])?;
                self.out.write_all(&value.to_le_bytes())
            }
        }
    }

    /// A float.
    pub fn float(&mut self, value: f64) -> Result<()> {
        self.op(b'G')?;
        self.out.write_all(&value.to_be_bytes())
    }

    /// Text.
    pub fn text(&mut self, value: &str) -> Result<()> {
        self.known(format!("text {value}"), |p| {
            p.op(b'X')?;
            p.len32(value.len())?;
            p.out.write_all(value.as_bytes())
        })
    }

    /// Text as a `numpy.str_`.
    pub fn numpy_text(&mut self, value: &str) -> Result<()> {
        self.known(format!("numpy.str_ {value}"), |p| {
            p.class("numpy", "str_")?;
            p.text(value)?;
            p.tuple(1)?;
            p.op(b'R')
        })
    }

    /// A list; `items` yields what writes each item.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        self.empty_list()?;
        for item in items {
            write(self, item)?;
            self.append()?;
        }
        Ok(())
    }

    /// An empty list, for [`Pickler::append`].
    pub fn empty_list(&mut self) -> Result<()> {
        self.op(b']')
    }

    /// Appends the last value to the list before it.
    pub fn append(&mut self) -> Result<()> {
        self.op(b'a')
    }

    /// A list of floats.
    pub fn floats(&mut self, values: &[f64]) -> Result<()> {
        self.empty_list()?;
        let mut bytes = Vec::with_capacity(2 + 9 * values.len().min(FLOATS_AT_ONCE));
        // In pieces, as `e` needs a mark before all of what it appends.
        for chunk in values.chunks(FLOATS_AT_ONCE) {
            bytes.clear();
            bytes.push(b'(');
            for value in chunk {
                bytes.push(b'G');
                bytes.extend(value.to_be_bytes());
            }
            bytes.push(b'e');
            self.out.write_all(&bytes)?;
        }
        Ok(())
    }

    /// An empty dictionary, for [`Pickler::entry`].
    pub fn dict(&mut self) -> Result<()> {
        self.op(b'}')
    }

    /// An entry of the dictionary on the stack.
    pub fn entry(&mut self, key: &str, value: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.text(key)?;
        value(self)?;
        self.op(b's')
    }

    /// An entry with a number as key.
    pub fn numbered(
        &mut self,
        key: u32,
        value: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.int(key.into())?;
        value(self)?;
        self.op(b's')
    }

    /// Makes a tuple of the last 0 to 3 values.
    pub fn tuple(&mut self, n: u8) -> Result<()> {
        match n {
            0 => self.op(b')'),
            n => self.op(0x84 + n.min(3)),
        }
    }

    /// An object of a class with these attributes.
    pub fn object(
        &mut self,
        module: &str,
        class: &str,
        attributes: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.class(module, class)?;
        // `object.__new__(class)`, then its attributes: nothing of the class runs.
        self.tuple(0)?;
        self.op(0x81)?;
        self.dict()?;
        attributes(self)?;
        self.op(b'b')
    }

    /// A NumPy array of floats.
    pub fn array(&mut self, values: &[f64]) -> Result<()> {
        self.begin_array("<f8", &[values.len()])?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        match u32::try_from(bytes.len()) {
            Ok(len) => {
                self.op(b'B')?;
                self.out.write_all(&len.to_le_bytes())?;
            }
            Err(_) => {
                self.op(0x8e)?;
                self.out.write_all(&(bytes.len() as u64).to_le_bytes())?;
            }
        }
        self.out.write_all(&bytes)?;
        self.end_array()
    }

    /// Begins a NumPy array; its content comes next: bytes, or for type `O` a list of its items.
    pub fn begin_array(&mut self, dtype: &str, shape: &[usize]) -> Result<()> {
        // As NumPy pickles itself: an empty array, then version, shape, type, order and bytes.
        self.class("numpy", "ndarray")?;
        self.int(0)?;
        self.tuple(1)?;
        self.tuple(1)?;
        self.op(0x81)?;
        self.op(b'(')?;
        self.int(1)?;
        self.op(b'(')?;
        for n in shape {
            self.int(i64::try_from(*n).unwrap_or(i64::MAX))?;
        }
        self.op(b't')?;
        self.known(format!("dtype {dtype}"), |p| {
            p.class("numpy", "dtype")?;
            p.text(dtype)?;
            p.tuple(1)?;
            p.op(b'R')
        })?;
        self.bool(false)
    }

    /// Ends the array whose content was written.
    pub fn end_array(&mut self) -> Result<()> {
        self.op(b't')?;
        self.op(b'b')
    }

    fn class(&mut self, module: &str, name: &str) -> Result<()> {
        self.known(format!("class {module} {name}"), |p| {
            p.op(b'c')?;
            p.out.write_all(format!("{module}\n{name}\n").as_bytes())
        })
    }

    /// Writes a value the first time, and refers to it afterwards.
    fn known(&mut self, what: String, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if let Some(index) = self.memo.get(&what) {
            let index = index.to_le_bytes();
            // From memory: a class or a text is written once, however often it is meant.
            self.op(b'j')?;
            return self.out.write_all(&index);
        }
        write(self)?;
        // What `write` remembered has come first.
        let index = u32::try_from(self.memo.len()).map_err(std::io::Error::other)?;
        self.memo.insert(what, index);
        self.op(0x94)
    }

    fn len32(&mut self, len: usize) -> Result<()> {
        let len = u32::try_from(len).map_err(std::io::Error::other)?;
        self.out.write_all(&len.to_le_bytes())
    }
}
