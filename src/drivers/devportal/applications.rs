//! Applications of the Developer Portal.
//! Their keys and subscriptions have files of their own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use kmspec_model::exchange::Plane;

use super::{Devportal, List};
use crate::{error::DriverError, ledger::Created, reply::Reply};

/// An application.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Application {
    /// Id given by the platform.
    #[serde(rename = "applicationId", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Unique among its owner's.
    pub name: String,
    /// Its plan.
    pub throttling_policy: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `JWT` or `OAUTH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// What the product adds of its own.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Application {
    /// A draft with the plan `Unlimited`.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), throttling_policy: "Unlimited".to_owned(), ..Self::default() }
    }
}

impl Devportal {
    /// Creates an application.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn create_application(&self, draft: &Application) -> Result<Reply<Application>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["applications"])?.json(draft);
        let answered = self.0.send(Plane::Devportal, call).await?;
        self.0.note_made(&answered, "applicationId", Created::Application);
        answered.read("an application")
    }

    /// Reads an application.
    pub async fn application(&self, id: &str) -> Result<Reply<Application>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications", id])?;
        self.0.send(Plane::Devportal, call).await?.read("an application")
    }

    /// Lists the persona's applications, the first thousand of them.
    pub async fn applications(&self) -> Result<Reply<Vec<Application>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications"])?.query("limit", "1000");
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<Application>>("a list of applications")?.map(|list| list.list))
    }

    /// Replaces an application by this document.
    pub async fn update_application(
        &self,
        id: &str,
        document: &Application,
    ) -> Result<Reply<Application>, DriverError> {
        let call = self.0.call(Plane::Devportal, "PUT", &["applications", id])?.json(document);
        self.0.send(Plane::Devportal, call).await?.read("an application")
    }

    /// Deletes an application, with its keys and subscriptions.
    pub async fn delete_application(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Devportal, "DELETE", &["applications", id])?;
        let answered = self.0.send(Plane::Devportal, call).await?;
        self.0.note_gone(&answered, &Created::Application(id.to_owned()));
        answered.done()
    }
}
