//! Putting, finding and removing documents inside one piece of work on the store.
//! Opening the store and its transactions are left to the room's list.

use std::cell::RefCell;

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::{Document, StoreError};
use crate::platform::events::Event;

/// The documents, within a read or a transaction.
#[derive(Debug)]
pub struct Documents<'a> {
    connection: &'a Connection,
    announced: RefCell<Vec<Event>>,
}

impl<'a> Documents<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection, announced: RefCell::default() }
    }

    pub(super) fn into_announced(self) -> Vec<Event> {
        self.announced.into_inner()
    }

    /// Has an event published once this work is committed; nothing is told when it is not.
    pub fn announce(&self, event: Event) {
        self.announced.borrow_mut().push(event);
    }

    /// Keeps a document: a new one, or in the place of the one with the same id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`], also when another document of the tenant has the same unique key.
    pub fn put<D: Document>(&self, tenant: &str, document: &D) -> Result<(), StoreError> {
        let body =
            serde_json::to_string(document).map_err(|source| StoreError::Unreadable { kind: D::KIND, source })?;
        self.connection
            .prepare_cached(
                "INSERT INTO document (kind, id, tenant, parent, unique_key, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (kind, id) DO UPDATE SET parent = ?4, unique_key = ?5, body = ?6",
            )?
            .execute(params![D::KIND, document.id(), tenant, document.parent(), document.unique_key(), body])?;
        Ok(())
    }

    /// The document with this id in the tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn find<D: Document>(&self, tenant: &str, id: &str) -> Result<Option<D>, StoreError> {
        self.one("SELECT body FROM document WHERE kind = ?1 AND id = ?2 AND tenant = ?3", params![D::KIND, id, tenant])
    }

    /// The document with this id in any tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn find_anywhere<D: Document>(&self, id: &str) -> Result<Option<D>, StoreError> {
        self.one("SELECT body FROM document WHERE kind = ?1 AND id = ?2", params![D::KIND, id])
    }

    /// The document with this unique key in the tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn find_by_key<D: Document>(&self, tenant: &str, key: &str) -> Result<Option<D>, StoreError> {
        self.one(
            "SELECT body FROM document WHERE kind = ?1 AND tenant = ?2 AND unique_key = ?3",
            params![D::KIND, tenant, key],
        )
    }

    /// All of a kind in the tenant, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn all<D: Document>(&self, tenant: &str) -> Result<Vec<D>, StoreError> {
        self.many("SELECT body FROM document WHERE kind = ?1 AND tenant = ?2 ORDER BY seq", params![D::KIND, tenant])
    }

    /// All of a kind in every tenant, oldest first, each with its tenant's domain.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn everywhere<D: Document>(&self) -> Result<Vec<(String, D)>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT tenant, body FROM document WHERE kind = ?1 ORDER BY seq")?;
        let rows = statement.query_map([D::KIND], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|(tenant, body)| Ok((tenant, read(&body)?)))).collect()
    }

    /// All of a kind that hang on `parent`, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn children<D: Document>(&self, parent: &str) -> Result<Vec<D>, StoreError> {
        self.many("SELECT body FROM document WHERE kind = ?1 AND parent = ?2 ORDER BY seq", params![D::KIND, parent])
    }

    /// Removes a document; whether it was there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove<D: Document>(&self, tenant: &str, id: &str) -> Result<bool, StoreError> {
        let removed = self
            .connection
            .prepare_cached("DELETE FROM document WHERE kind = ?1 AND id = ?2 AND tenant = ?3")?
            .execute(params![D::KIND, id, tenant])?;
        Ok(removed > 0)
    }

    /// Removes everything of a tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_tenant(&self, tenant: &str) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM document WHERE tenant = ?1", [tenant])?;
        Ok(())
    }

    fn one<D: Document>(&self, query: &str, params: impl Params) -> Result<Option<D>, StoreError> {
        let body: Option<String> =
            self.connection.prepare_cached(query)?.query_row(params, |row| row.get(0)).optional()?;
        body.as_deref().map(read).transpose()
    }

    fn many<D: Document>(&self, query: &str, params: impl Params) -> Result<Vec<D>, StoreError> {
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map(params, |row| row.get::<_, String>(0))?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|body| read(&body))).collect()
    }
}

fn read<D: Document>(body: &str) -> Result<D, StoreError> {
    serde_json::from_str(body).map_err(|source| StoreError::Unreadable { kind: D::KIND, source })
}
