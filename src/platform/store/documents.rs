//! Putting, finding and removing documents inside one piece of work on the store.
//! Opening the store and its transactions are left to the room's list.

use std::cell::RefCell;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde_json::Value;

use super::{Document, StoreError, sealing::Seal};
use crate::events::Event;

/// The documents, within a read or a transaction.
#[derive(Debug)]
pub struct Documents<'a> {
    connection: &'a Connection,
    seal: &'a Seal,
    announced: RefCell<Vec<Event>>,
}

impl<'a> Documents<'a> {
    pub(super) fn new(connection: &'a Connection, seal: &'a Seal) -> Self {
        Self { connection, seal, announced: RefCell::default() }
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
        let mut body =
            serde_json::to_value(document).map_err(|source| StoreError::Unreadable { kind: D::KIND, source })?;
        let id = document.id();
        for pointer in D::secrets(&body) {
            if let Some(secret) = body.pointer_mut(&pointer).filter(|secret| !secret.is_null()) {
                *secret = self.seal.seal(&place::<D>(&id, &pointer), secret);
            }
        }
        self.connection
            .prepare_cached(
                "INSERT INTO document (kind, id, tenant, parent, unique_key, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (kind, id) DO UPDATE SET parent = ?4, unique_key = ?5, body = ?6",
            )?
            .execute(params![D::KIND, id, tenant, document.parent(), document.unique_key(), body.to_string()])?;
        Ok(())
    }

    /// The document with this id in the tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn find<D: Document>(&self, tenant: &str, id: &str) -> Result<Option<D>, StoreError> {
        self.one(
            "SELECT id, body FROM document WHERE kind = ?1 AND id = ?2 AND tenant = ?3",
            params![D::KIND, id, tenant],
        )
    }

    /// The document with this id in any tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn find_anywhere<D: Document>(&self, id: &str) -> Result<Option<D>, StoreError> {
        self.one("SELECT id, body FROM document WHERE kind = ?1 AND id = ?2", params![D::KIND, id])
    }

    /// The document with this unique key in the tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn find_by_key<D: Document>(&self, tenant: &str, key: &str) -> Result<Option<D>, StoreError> {
        self.one(
            "SELECT id, body FROM document WHERE kind = ?1 AND tenant = ?2 AND unique_key = ?3",
            params![D::KIND, tenant, key],
        )
    }

    /// All of a kind in the tenant, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn all<D: Document>(&self, tenant: &str) -> Result<Vec<D>, StoreError> {
        self.many(
            "SELECT id, body FROM document WHERE kind = ?1 AND tenant = ?2 ORDER BY seq",
            params![D::KIND, tenant],
        )
    }

    /// The number of a document among all, which it keeps for life; for those who know things by numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read.
    pub fn number<D: Document>(&self, id: &str) -> Result<Option<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT seq FROM document WHERE kind = ?1 AND id = ?2")?;
        let mut rows = statement.query(params![D::KIND, id])?;
        Ok(match rows.next()? {
            Some(row) => Some(row.get(0)?),
            None => None,
        })
    }

    /// All of a kind in every tenant, oldest first, each with its tenant's domain.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn everywhere<D: Document>(&self) -> Result<Vec<(String, D)>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT tenant, id, body FROM document WHERE kind = ?1 ORDER BY seq")?;
        let rows = statement.query_map([D::KIND], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|(tenant, row)| Ok((tenant, self.read(row)?)))).collect()
    }

    /// All of a kind in every tenant whose member of that name is this text, oldest first, each with its tenant's domain.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn everywhere_with<D: Document>(&self, member: &str, text: &str) -> Result<Vec<(String, D)>, StoreError> {
        let query = "SELECT tenant, id, body FROM document
                     WHERE kind = ?1 AND json_extract(body, '$.' || ?2) = ?3 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = |row: &Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
        let rows = statement.query_map(params![D::KIND, member, text], row)?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|(tenant, row)| Ok((tenant, self.read(row)?)))).collect()
    }

    /// All of a kind that hang on `parent`, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when one cannot be read.
    pub fn children<D: Document>(&self, parent: &str) -> Result<Vec<D>, StoreError> {
        self.many(
            "SELECT id, body FROM document WHERE kind = ?1 AND parent = ?2 ORDER BY seq",
            params![D::KIND, parent],
        )
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

    /// Removes the tenant's documents of a kind that ended before this moment, as the member of that name tells; those
    /// without one stay. How many they were.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_ended<D: Document>(&self, tenant: &str, member: &str, before: u64) -> Result<usize, StoreError> {
        self.remove_ended_also::<D>(tenant, [member, member], before)
    }

    /// The same by two members, the second of which may be absent: the later one counts.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_ended_also<D: Document>(
        &self,
        tenant: &str,
        [one, other]: [&str; 2],
        before: u64,
    ) -> Result<usize, StoreError> {
        let remove = "DELETE FROM document WHERE kind = ?1 AND tenant = ?2
                      AND json_extract(body, '$.' || ?3) < ?5 AND coalesce(json_extract(body, '$.' || ?4), 0) < ?5";
        let moment = i64::try_from(before).unwrap_or(i64::MAX);
        Ok(self.connection.prepare_cached(remove)?.execute(params![D::KIND, tenant, one, other, moment])?)
    }

    /// How many documents of a kind there are, for tests of what is kept.
    #[cfg(test)]
    pub(crate) fn count(&self, kind: &str) -> Result<u32, StoreError> {
        let count = "SELECT count(*) FROM document WHERE kind = ?1";
        Ok(self.connection.query_row(count, [kind], |row| row.get(0))?)
    }

    fn one<D: Document>(&self, query: &str, params: impl Params) -> Result<Option<D>, StoreError> {
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let row = self.connection.prepare_cached(query)?.query_row(params, row).optional()?;
        row.map(|row| self.read(row)).transpose()
    }

    fn many<D: Document>(&self, query: &str, params: impl Params) -> Result<Vec<D>, StoreError> {
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|row| self.read(row))).collect()
    }

    /// A document with its secrets opened. What earlier versions kept unsealed is taken as it is.
    fn read<D: Document>(&self, (id, body): (String, String)) -> Result<D, StoreError> {
        let unreadable = |source| StoreError::Unreadable { kind: D::KIND, source };
        let mut body: Value = serde_json::from_str(&body).map_err(unreadable)?;
        for pointer in D::secrets(&body) {
            if let Some(secret) = body.pointer_mut(&pointer).filter(|secret| secret["encrypted"] == true) {
                let opened = self.seal.open(&place::<D>(&id, &pointer), secret);
                *secret = opened.ok_or_else(|| StoreError::Tampered { kind: D::KIND, id: id.clone() })?;
            }
        }
        serde_json::from_value(body).map_err(unreadable)
    }
}

/// Where a secret belongs, so that it cannot be read in another's place.
fn place<D: Document>(id: &str, pointer: &str) -> String {
    format!("{}\n{id}\n{pointer}", D::KIND)
}
