//! What the store promises: all or nothing, unique keys, order, and a life beyond the process.
//! The documents' own rules are tested where they are defined.

use super::*;
use crate::domain::KeyManager;

fn key_manager(name: &str) -> KeyManager {
    KeyManager { id: uuid::Uuid::new_v4(), ..KeyManager::named(name, "custom") }
}

#[test]
fn what_was_committed_is_there_after_reopening_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let kept = key_manager("kept");
    let store = Store::open(&data).unwrap();
    store.write_now(|documents| documents.put("t", &kept)).unwrap();
    drop(store);
    let found =
        Store::open(&data).unwrap().read_now(|documents| documents.find_by_key::<KeyManager>("t", "kept")).unwrap();
    assert_eq!(found, Some(kept));
}

#[test]
fn work_that_fails_leaves_nothing_behind() {
    let store = Store::open(&Data::Memory).unwrap();
    let failed = store.write_now(|documents| {
        documents.put("t", &key_manager("first"))?;
        Err::<(), _>(StoreError::CutOff)
    });
    assert!(failed.is_err());
    let left: Vec<KeyManager> = store.read_now(|documents| documents.all("t")).unwrap();
    assert!(left.is_empty());
}

#[test]
fn a_name_is_unique_in_its_tenant_only_and_order_is_creation_order() {
    let store = Store::open(&Data::Memory).unwrap();
    let put = |tenant: &str, name: &str| store.write_now(|documents| documents.put(tenant, &key_manager(name)));
    put("a", "z").unwrap();
    put("a", "y").unwrap();
    put("b", "z").unwrap();
    assert!(put("a", "z").is_err());
    let names: Vec<KeyManager> = store.read_now(|documents| documents.all("a")).unwrap();
    assert_eq!(names.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["z", "y"]);
}

#[test]
fn data_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.db");
    drop(Store::open(&Data::File(path.clone())).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute("INSERT INTO migration VALUES (99, 'later')", []).unwrap();
    drop(connection);
    let refused = Store::open(&Data::File(path)).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_released_when_the_last_holder_of_it_has_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let store = Store::open(&data).unwrap();
    let other = store.clone();
    assert!(!store.released(Duration::from_millis(10)).await, "somebody still holds it");
    assert!(matches!(Store::open(&data), Err(StoreError::InUse(_))));
    let (one, two) = (other.clone(), other);
    let waiting = tokio::spawn(two.released(Duration::from_secs(60)));
    drop(one);
    assert!(waiting.await.unwrap());
    Store::open(&data).unwrap();
}
