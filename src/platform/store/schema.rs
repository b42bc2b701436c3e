//! The schema and how older data is brought up to it.
//! Documents are JSON; only what is searched for has a column.

use rusqlite::Connection;

use super::StoreError;

/// Each entry takes the schema one version further; entries are appended, never changed.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE document (
        seq        INTEGER PRIMARY KEY AUTOINCREMENT,
        kind       TEXT NOT NULL,
        id         TEXT NOT NULL,
        tenant     TEXT NOT NULL,
        parent     TEXT,
        unique_key TEXT,
        body       TEXT NOT NULL
    );
    CREATE UNIQUE INDEX document_by_id ON document (kind, id);
    CREATE UNIQUE INDEX document_by_key ON document (kind, tenant, unique_key) WHERE unique_key IS NOT NULL;
    CREATE INDEX document_by_tenant ON document (tenant, kind);
    CREATE INDEX document_by_parent ON document (kind, parent) WHERE parent IS NOT NULL;
    ",
    "CREATE TABLE sealing (known TEXT NOT NULL);",
];

/// Sets the connection up and applies what migrations are missing, each in a transaction of its own.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)",
    )?;
    let found: u32 = connection.query_row("SELECT coalesce(max(version), 0) FROM migration", [], |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).expect("a list of migrations is short");
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (version, statements) in (1u32..).zip(MIGRATIONS).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(statements)?;
        transaction.execute("INSERT INTO migration (version, applied_at) VALUES (?1, datetime('now'))", [version])?;
        transaction.commit()?;
    }
    Ok(())
}
