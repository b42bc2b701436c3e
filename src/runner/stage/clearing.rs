//! What a scenario leaves at a subject that does not take its tenant away: all of it is deleted, or put back as it was.
//! What could not be is said, and reported by the stage.

use kmspec_drivers::{devportal::Devportal, error::DriverError, ledger::Created, reply::Reply};
use kmspec_model::exchange::Role;

use crate::world::Scene;

/// Deletes an application. Where its authorization server no longer deletes clients, since the scenario has stopped or broken
/// it, the platform is let forget the keys first.
async fn delete_application(plane: &Devportal, id: &str) -> Result<Reply<()>, DriverError> {
    match plane.delete_application(id).await? {
        Reply::Refused(refusal) if refusal.status == 412 => {
            plane.clean_up_keys(id).await?;
            plane.delete_application(id).await
        }
        reply => Ok(reply),
    }
}

/// Nobody without a password has made such a scope.
async fn delete_resident_scope(scene: &Scene, role: Role, name: &str) -> Result<Reply<()>, DriverError> {
    match scene.session(role)?.persona() {
        Some(administrator) => scene.resident()?.delete_scope(administrator, name).await,
        None => Ok(Reply::Granted(())),
    }
}

/// Deletes what a scene's ledger holds, puts back what was there before, and says what is left.
pub(super) async fn delete_all(scene: &Scene) -> Vec<String> {
    let mut left = Vec::new();
    for (role, object) in scene.ledger.take() {
        let deleted = match &object {
            Created::Application(id) => match scene.devportal(role) {
                Ok(plane) => delete_application(&plane, id).await,
                Err(error) => Err(error),
            },
            Created::Api(id) => match scene.publisher(role) {
                Ok(plane) => plane.delete_api(id).await,
                Err(error) => Err(error),
            },
            Created::Scope(id) => match scene.publisher(role) {
                Ok(plane) => plane.delete_scope(id).await,
                Err(error) => Err(error),
            },
            Created::ResidentScope(name) => delete_resident_scope(scene, role, name).await,
            Created::KeyManager(id) => match scene.admin(role) {
                Ok(plane) => plane.delete_key_manager(id).await,
                Err(error) => Err(error),
            },
            Created::Organization(id) => match scene.admin(role) {
                Ok(plane) => plane.delete_organization(id).await,
                Err(error) => Err(error),
            },
        };
        match deleted {
            // It is gone, whatever status says so.
            Ok(Reply::Granted(())) | Err(DriverError::OtherSuccess { .. }) => {}
            Ok(Reply::Refused(refusal)) if refusal.status == 404 => {}
            Ok(Reply::Refused(refusal)) => left.push(format!("{object:?} could not be deleted: {refusal}")),
            Err(error) => left.push(format!("{object:?} could not be deleted: {error}")),
        }
    }
    for (role, document) in scene.ledger.take_originals() {
        let name = document.name.clone();
        let restored = match (scene.admin(role), &document.id) {
            (Ok(plane), Some(id)) => plane.update_key_manager(id, &document).await,
            (Err(error), _) => Err(error),
            (Ok(_), None) => continue,
        };
        match restored {
            Ok(Reply::Granted(_)) | Err(DriverError::OtherSuccess { .. }) => {}
            Ok(Reply::Refused(refusal)) => left.push(format!("`{name}` could not be put back as it was: {refusal}")),
            Err(error) => left.push(format!("`{name}` could not be put back as it was: {error}")),
        }
    }
    left
}
