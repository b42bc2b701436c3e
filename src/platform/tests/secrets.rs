//! Secrets at rest: what of them can be found in the files, and what becomes of data without its key.

use std::{fs, path::Path};

use super::*;
use crate::{
    PlatformError,
    domain::{KeyManager, KeyMapping},
    store::{Store, StoreError},
};

/// Everything in the folder but keys, as bytes.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_none_or(|ending| ending != "key"))
        .flat_map(|path| fs::read(path).unwrap())
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn secrets_are_in_no_file_of_the_data_and_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.db");
    let stage = Stage::open_on(Data::File(path.clone())).await;
    let id = stage.key_manager(is7("planted-name", "https://is7.example")).await;
    let mut custom = custom("oob");
    custom["additionalProperties"] =
        json!({"client_secret": "planted-client-secret", "initial_access_token": "planted-iat"});
    stage.key_manager(custom).await;
    let application = stage.application("orders").await;
    let map = json!({"consumerKey": "planted-key", "consumerSecret": "planted-consumer-secret", "keyType": "PRODUCTION",
        "keyManager": "oob"});
    assert_eq!(stage.dora(Method::POST, &format!("/applications/{application}/map-keys"), map).await.status, 200);
    let keys =
        json!({"keyType": "SANDBOX", "grantTypesToBeSupported": ["password"], "keyManager": "Resident Key Manager"});
    let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), keys).await;
    let resident_secret = made.text("consumerSecret");
    let secrets = ["is7-password", "planted-client-secret", "planted-iat", "planted-consumer-secret", &resident_secret];
    let write_ahead = fs::read(folder.path().join("platform.db-wal")).unwrap();
    assert!(holds(&write_ahead, "planted-name"), "the log is what was written to");
    for secret in secrets {
        assert!(!holds(&all_bytes(folder.path()), secret), "{secret} while it runs");
    }
    stage.close().await;
    let bytes = all_bytes(folder.path());
    assert!(holds(&bytes, "planted-name") && holds(&bytes, "planted-key"), "what is no secret can be found");
    for secret in secrets {
        assert!(!holds(&bytes, secret), "{secret} once it stopped");
    }
    let stage = Stage::open_on(Data::File(path)).await;
    let store = &stage.platform.site().store;
    let key_manager: KeyManager = store.read_now(|documents| documents.find("one.com", &id)).unwrap().unwrap();
    assert_eq!(key_manager.additional_properties.text("Password").as_deref(), Some("is7-password"));
    let keys: Vec<KeyMapping> = store.read_now(|documents| documents.all("one.com")).unwrap();
    let told: Vec<_> = keys.iter().map(|key| key.consumer_secret.as_ref().unwrap().reveal()).collect();
    assert_eq!(told, ["planted-consumer-secret", &resident_secret]);
    stage.close().await;
}

#[cfg(unix)]
#[test]
fn the_key_is_for_its_owner_alone_and_data_without_its_key_is_not_opened() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("platform.db"), folder.path().join("platform.db.key"));
    let open = || Store::open(&Data::File(path.clone()));
    let kept = KeyManager { id: uuid::Uuid::new_v4(), ..KeyManager::named("kept", "custom") };
    open().unwrap().write_now::<_, StoreError>(|documents| documents.put("t", &kept)).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let right = fs::read(&key).unwrap();

    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(open(), Err(StoreError::KeyFile { .. })), "others may read it");
    fs::remove_file(&key).unwrap();
    assert!(matches!(open(), Err(StoreError::KeyMissing(_))));
    assert!(!key.exists(), "no other key is made in its place");
    let write = |bytes: &[u8]| {
        fs::write(&key, bytes).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert!(matches!(open(), Err(StoreError::OtherKey(_))));
    write(b"short");
    assert!(matches!(open(), Err(StoreError::KeyFile { .. })));
    write(&right);
    let found: Option<KeyManager> = open().unwrap().read_now(|documents| documents.find_by_key("t", "kept")).unwrap();
    assert_eq!(found, Some(kept));
    let error = PlatformError::from(StoreError::KeyMissing(key)).to_string();
    assert!(error.contains("platform.db.key") && error.contains("hint:"), "{error}");
}

#[test]
fn a_secret_moved_to_another_document_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.db");
    let store = Store::open(&Data::File(path.clone())).unwrap();
    let with_secret = |name: &str| {
        let document = json!({"id": uuid::Uuid::new_v4(), "name": name, "type": "custom",
            "additionalProperties": {"client_secret": format!("secret of {name}")}});
        serde_json::from_value::<KeyManager>(document).unwrap()
    };
    let (one, two) = (with_secret("one"), with_secret("two"));
    store
        .write_now::<_, StoreError>(|documents| documents.put("t", &one).and_then(|()| documents.put("t", &two)))
        .unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let moved = "UPDATE document SET body = json_set(body, '$.additionalProperties', json((SELECT json_extract(body,
                 '$.additionalProperties') FROM document WHERE id = ?1))) WHERE id = ?2";
    assert_eq!(connection.execute(moved, [one.id.to_string(), two.id.to_string()]).unwrap(), 1);
    let read = |id: uuid::Uuid| store.read_now(|documents| documents.find::<KeyManager>("t", &id.to_string()));
    assert_eq!(read(one.id).unwrap(), Some(one));
    assert!(matches!(read(two.id), Err(StoreError::Tampered { .. })));
}
