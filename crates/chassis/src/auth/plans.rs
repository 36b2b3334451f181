//! Plans: what a workspace may use.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::{ConnectionTrait, EntityTrait};

use super::tables::workspace;
use super::{Auth, WorkspaceId};
use crate::data::DataError;

pub use crate::config::Plan;

/// The plan of a workspace that nobody gave another.
pub const STANDARD: &str = "standard";

/// How long a workspace's plan is remembered.
const REMEMBER: Duration = Duration::from_secs(5);

/// The plans of the configuration, and which workspace has which.
pub(super) struct Plans {
    named: BTreeMap<String, Plan>,
    of_workspace: moka::future::Cache<WorkspaceId, String>,
}

impl Plans {
    pub(super) fn new(mut named: BTreeMap<String, Plan>) -> Self {
        named.entry(STANDARD.to_owned()).or_default();
        let of_workspace = moka::future::Cache::builder()
            .max_capacity(10_000)
            .time_to_live(REMEMBER)
            .build();
        Self {
            named,
            of_workspace,
        }
    }

    /// Forgets which workspace has which plan.
    pub(super) fn forget(&self) {
        self.of_workspace.invalidate_all();
    }

    /// The plans' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    async fn name_of(
        &self,
        database: &impl ConnectionTrait,
        workspace: WorkspaceId,
    ) -> Result<String, DataError> {
        if let Some(name) = self.of_workspace.get(&workspace).await {
            return Ok(name);
        }
        let row = workspace::Entity::find_by_id(workspace.to_string())
            .one(database)
            .await?;
        let name = row.map_or_else(|| STANDARD.to_owned(), |row| row.plan);
        self.of_workspace.insert(workspace, name.clone()).await;
        Ok(name)
    }
}

impl Auth {
    /// What a workspace may use, as it was a few seconds ago. A plan that the configuration does not name any more is
    /// the standard one.
    pub async fn plan_of(&self, workspace: WorkspaceId) -> Result<Plan, DataError> {
        Ok(self.named_plan_of(workspace).await?.1)
    }

    /// As [`Auth::plan_of`], with the plan's name.
    pub async fn named_plan_of(&self, workspace: WorkspaceId) -> Result<(String, Plan), DataError> {
        self.plan_in(self.database().read(), workspace).await
    }

    /// The same, read through a transaction that is open already.
    pub(crate) async fn plan_in(
        &self,
        connection: &impl ConnectionTrait,
        workspace: WorkspaceId,
    ) -> Result<(String, Plan), DataError> {
        let plans = self.plans();
        let name = plans.name_of(connection, workspace).await?;
        if let Some(plan) = plans.named.get(&name) {
            return Ok((name, plan.clone()));
        }
        let standard = plans.named.get(STANDARD).cloned().unwrap_or_default();
        Ok((STANDARD.to_owned(), standard))
    }
}
