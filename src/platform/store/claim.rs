//! The claim of one process on a data file: a second one that opened it would answer out of copies that nobody updates.
//! Keeping data whole within one process is left to SQLite.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::StoreError;

/// Held as long as the store is open; the system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Claim {
    _locked: File,
}

impl Claim {
    /// Claims a database by a lock on `<database>.lock`, which stays where it is. The database itself cannot carry the lock:
    /// SQLite has its own on it, which closing another handle of the file would end.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] while another holds it, or [`StoreError::LockFile`].
    pub(super) fn on(database: &Path) -> Result<Self, StoreError> {
        let mut name = OsString::from(database);
        name.push(".lock");
        let unusable = |source| StoreError::LockFile { path: name.clone().into(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _locked: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}
