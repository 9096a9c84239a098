//! NumPy's files: the header of an array (format 1.0), arrays, and archives of them.

use super::files::{File, failed, file_name};
use crate::stages::RunError;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Magic, version and length come before the header's text.
const PREAMBLE: usize = 10;
/// Data begins at a multiple of this.
const ALIGNMENT: usize = 64;

/// The header of an array in C order; `descr` is NumPy's name of the type, such as `<f8`.
pub fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let mut sizes = String::new();
    for n in shape {
        let _ = write!(sizes, "{n}, ");
    }
    // A tuple of one needs its comma in Python.
    let sizes = match shape.len() {
        1 => sizes.trim_end(),
        _ => sizes.trim_end_matches(", "),
    };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // The format wants the data to begin at a multiple of 64 bytes.
    let end = (PREAMBLE + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.push_str(&" ".repeat(end - PREAMBLE - text.len() - 1));
    text.push('\n');
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend(len.to_le_bytes());
    header.extend(text.as_bytes());
    header
}

/// An array in memory.
pub enum NpyArray {
    /// Floats.
    Floats(Vec<usize>, Vec<f64>),
    /// Whole numbers.
    Ints(Vec<usize>, Vec<i64>),
    /// Truth values, of one dimension.
    Bools(Vec<bool>),
    /// Texts, of one dimension.
    Texts(Vec<String>),
}

impl NpyArray {
    /// Floats of one dimension.
    pub fn floats(values: Vec<f64>) -> Self {
        Self::Floats(vec![values.len()], values)
    }

    /// Whole numbers of one dimension.
    pub fn ints(values: Vec<i64>) -> Self {
        Self::Ints(vec![values.len()], values)
    }

    /// Writes the array with its header.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            NpyArray::Floats(shape, values) => {
                out.write_all(&header("<f8", shape))?;
                values
                    .iter()
                    .try_for_each(|v| out.write_all(&v.to_le_bytes()))
            }
            NpyArray::Ints(shape, values) => {
                out.write_all(&header("<i8", shape))?;
                values
                    .iter()
                    .try_for_each(|v| out.write_all(&v.to_le_bytes()))
            }
            NpyArray::Bools(values) => {
                out.write_all(&header("|b1", &[values.len()]))?;
                values
                    .iter()
                    .try_for_each(|v| out.write_all(&[u8::from(*v)]))
            }
            NpyArray::Texts(values) => {
                // NumPy's texts have one width, and none of them may have width 0.
                let width = values
                    .iter()
                    .map(|v| v.chars().count())
                    .max()
                    .unwrap_or(0)
                    .max(1);
                out.write_all(&header(&format!("<U{width}"), &[values.len()]))?;
                for value in values {
                    let letters = value.chars().map(|c| c as u32);
                    for letter in letters.chain(std::iter::repeat(0)).take(width) {
                        out.write_all(&letter.to_le_bytes())?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// A comment in our archives, by which they are known again.
pub const COMMENT: &str = "hnn-sweep";

/// An archive of arrays, stored without compression as `numpy.savez` does.
pub struct Archive {
    zip: ZipWriter<File>,
    path: PathBuf,
}

impl Archive {
    /// Begins an archive that will be `path`.
    pub fn new(file: File, path: &Path) -> Self {
        Self {
            zip: ZipWriter::new(file),
            path: path.to_path_buf(),
        }
    }

    /// Adds an array that `write` writes.
    pub fn member(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            // ZIP64 for all members: whether one exceeds 4 GiB is known too late.
            .large_file(true);
        self.zip
            .start_file(format!("{}.npy", file_name(name)), options)
            .map_err(|e| failed(&self.path, e))?;
        let mut out = io::BufWriter::with_capacity(1 << 16, &mut self.zip);
        write(&mut out)?;
        out.flush().map_err(|e| failed(&self.path, e))
    }

    /// Adds an array.
    pub fn array(&mut self, name: &str, array: &NpyArray) -> Result<(), RunError> {
        let path = self.path.clone();
        self.member(name, |mut out| {
            array.write(&mut out).map_err(|e| failed(&path, e))
        })
    }

    /// Ends the archive.
    pub fn finish(mut self) -> Result<File, RunError> {
        let path = self.path;
        let error = |e| failed(&path, e);
        self.zip.set_comment(COMMENT).map_err(error)?;
        self.zip.finish().map_err(error)
    }
}

/// Whether a file is an archive that was written here.
pub fn is_ours(path: &Path) -> bool {
    // The comment is at the very end of the file, so nothing else needs to be read.
    use std::io::{Read, Seek, SeekFrom};
    let mut end = vec![0; COMMENT.len()];
    let back = i64::try_from(COMMENT.len()).unwrap_or_default();
    fs_err::File::open(path)
        .and_then(|mut file| {
            file.seek(SeekFrom::End(-back))?;
            file.read_exact(&mut end)
        })
        .is_ok_and(|()| end == COMMENT.as_bytes())
}
