//! Small files that carry their own checksum.

use super::error::{Result, StoreError};
use super::folder::Folder;
use super::hash::Hash;
use super::written::Hashed;
use std::io::{Read, Write};

const MAGIC: &[u8; 8] = b"HNNSWEEP";
const HEADER: usize = 8 + 4 + 8 + 8;

/// What a sealed file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Version of its format.
    pub version: u32,
    /// Generation of its content.
    pub generation: u64,
}

/// Bytes of a sealed file: magic, format version, generation, length, payload, blake3 of all before.
pub fn seal(seal: Seal, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len() + 32);
    bytes.extend(MAGIC);
    bytes.extend(seal.version.to_le_bytes());
    bytes.extend(seal.generation.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    let hash = Hash::of(&bytes);
    bytes.extend(hash.as_bytes());
    bytes
}

/// Payload of a sealed file, or what is wrong with it.
pub fn unseal(bytes: &[u8]) -> std::result::Result<(Seal, &[u8]), &'static str> {
    let seal = read_seal(bytes).ok_or("it does not begin as a file of hnn-sweep does")?;
    let (body, hash) = bytes
        .split_at_checked(bytes.len().saturating_sub(32))
        .filter(|(body, _)| body.len() >= HEADER)
        .ok_or("it is too short")?;
    if Hash::of(body).as_bytes() != hash {
        return Err("its checksum does not match");
    }
    Ok((seal, &body[HEADER..]))
}

/// What the beginning of a sealed file says.
fn read_seal(bytes: &[u8]) -> Option<Seal> {
    let head = bytes.get(..HEADER)?;
    (&head[..8] == MAGIC).then_some(())?;
    Some(Seal {
        version: u32::from_le_bytes(head[8..12].try_into().ok()?),
        generation: u64::from_le_bytes(head[12..20].try_into().ok()?),
    })
}

/// The beginning of a sealed file, without reading the rest.
pub fn peek(folder: &Folder, name: &str) -> Option<Seal> {
    let mut head = [0; HEADER];
    folder.open_file(name).ok()??.read_exact(&mut head).ok()?;
    read_seal(&head)
}

/// Replaces a small file as a whole, durably.
pub fn write(folder: &Folder, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = Hashed::new(folder.aside(super::layout::TMP)?);
    file.write_all(bytes)
        .map_err(|e| StoreError::io("write", &folder.path(name), e))?;
    let file = file.into_inner();
    file.sync()?;
    folder.put(file, name)?;
    folder.sync_parent(name)
}
