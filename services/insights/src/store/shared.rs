//! Insights that agencies share: published by one, reused by others, acted on by any.

use database::{Error, query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::Store;

/// How far an action has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionState {
    /// It is decided.
    Planned,
    /// It is going on.
    Ongoing,
    /// It is done.
    #[default]
    Done,
}

/// What an agency has done about an insight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Who.
    pub organisation_id: String,
    /// What was done.
    pub what: String,
    /// How far it has come.
    #[serde(default)]
    pub state: ActionState,
    /// What it led to, when that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_effect: Option<String>,
}

/// An insight with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Insight {
    /// Its id.
    pub insight_id: String,
    /// Who published it.
    pub organisation_id: String,
    /// What was learnt.
    pub statement: String,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// Who uses it.
    #[serde(default)]
    pub reused_by: Vec<String>,
    /// What was done about it.
    #[serde(default)]
    pub actions: Vec<Action>,
}

impl Insight {
    /// Whether any agency is done with something about it.
    #[must_use]
    pub fn is_acted_on(&self) -> bool {
        self.actions.iter().any(|action| action.state == ActionState::Done)
    }
}

impl Store {
    /// Publishes an insight.
    ///
    /// # Errors
    /// The database fails.
    pub async fn share(&self, organisation: &str, statement: String, evidence: Vec<String>) -> Result<Insight, Error> {
        let insight = Insight {
            insight_id: Uuid::now_v7().to_string(),
            organisation_id: organisation.to_owned(),
            statement,
            evidence,
            reused_by: Vec::new(),
            actions: Vec::new(),
        };
        let insert = query("INSERT INTO insights_shared (id, organisation, document) VALUES (?, ?, ?)")
            .bind(&insight.insight_id)
            .bind(organisation)
            .bind(serde_json::to_string(&insight).unwrap_or_default());
        self.database.execute(insert).await?;
        Ok(insight)
    }

    /// Insights, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insights(&self) -> Result<Vec<Insight>, Error> {
        let rows = self
            .database
            .fetch_all(query("SELECT document FROM insights_shared ORDER BY id DESC"))
            .await?;
        let texts: Vec<String> = rows.iter().map(|row| row.get("document")).collect::<Result<_, _>>()?;
        let mut all: Vec<Insight> = texts
            .iter()
            .filter_map(|text| serde_json::from_str(text).ok())
            .collect();
        let reuses = query("SELECT insight, organisation FROM insights_reuse ORDER BY day, organisation");
        for row in self.database.fetch_all(reuses).await? {
            let (id, who): (String, String) = (row.get("insight")?, row.get("organisation")?);
            if let Some(one) = all.iter_mut().find(|one| one.insight_id == id) {
                one.reused_by.push(who);
            }
        }
        for row in self
            .database
            .fetch_all(query("SELECT insight, document FROM insights_action ORDER BY id"))
            .await?
        {
            let (id, text): (String, String) = (row.get("insight")?, row.get("document")?);
            if let Some(one) = all.iter_mut().find(|one| one.insight_id == id)
                && let Ok(action) = serde_json::from_str(&text)
            {
                one.actions.push(action);
            }
        }
        Ok(all)
    }

    /// One insight.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insight(&self, id: &str) -> Result<Option<Insight>, Error> {
        Ok(self.insights().await?.into_iter().find(|one| one.insight_id == id))
    }

    /// Marks an insight as used by an organisation; twice is once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn reuse(&self, insight: &str, organisation: &str) -> Result<(), Error> {
        let insert = query(
            "INSERT INTO insights_reuse (insight, organisation, day) VALUES (?, ?, ?) ON CONFLICT (insight, organisation) DO NOTHING",
        );
        let insert = insert
            .bind(insight)
            .bind(organisation)
            .bind(Timestamp::now().to_string());
        self.database.execute(insert).await?;
        Ok(())
    }

    /// Notes what an organisation has done about an insight.
    ///
    /// # Errors
    /// The database fails.
    pub async fn act(&self, insight: &str, action: &Action) -> Result<(), Error> {
        let insert = query("INSERT INTO insights_action (id, insight, organisation, document) VALUES (?, ?, ?, ?)")
            .bind(Uuid::now_v7().to_string())
            .bind(insight)
            .bind(&action.organisation_id)
            .bind(serde_json::to_string(action).unwrap_or_default());
        self.database.execute(insert).await?;
        Ok(())
    }
}
