//! Two agencies that have everything of their own, and a third that has an agreement with each.

use crate::world::{Call, Caller, Node, World};
use serde_json::{Value, json};

/// Roles of an agency's members.
pub(super) const ROLES: [&str; 4] = ["agencyAdmin", "agencyPublisher", "developer", "auditor"];

/// A node, and two agencies.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) node: Node,
    pub(super) north: Things,
    pub(super) south: Things,
    /// An agencyAdmin in the operator's organisation, who is no operator.
    pub(super) beside_operator: Caller,
    /// Admin of the third organisation.
    pub(super) harbour: Caller,
    /// More members of the second agency, to share the calls.
    pub(super) more_admins: Vec<Caller>,
    /// The operator's own id.
    pub(super) operator_id: String,
    /// A key that has been taken back.
    pub(super) revoked: String,
    /// The key of a suspended member.
    pub(super) suspended: String,
}

/// One agency's ids, by the names that the document has for them.
#[derive(Debug, Clone)]
pub(super) struct Things {
    pub(super) organisation_id: String,
    pub(super) member_id: String,
    pub(super) application_id: String,
    /// Of the application.
    pub(super) credential_id: String,
    /// Of the member.
    pub(super) member_credential_id: String,
    pub(super) backend_id: String,
    pub(super) limit_plan_id: String,
    pub(super) api_id: String,
    /// An API that is not published.
    pub(super) draft_api_id: String,
    pub(super) agreement_id: String,
    pub(super) admin: Caller,
    pub(super) others: Vec<(&'static str, Caller)>,
    pub(super) application_key: String,
}

impl Things {
    /// Ids that nobody has.
    pub(super) fn nothing(id: &str) -> Self {
        Self {
            organisation_id: id.to_owned(),
            member_id: id.to_owned(),
            application_id: id.to_owned(),
            credential_id: id.to_owned(),
            member_credential_id: id.to_owned(),
            backend_id: id.to_owned(),
            limit_plan_id: id.to_owned(),
            api_id: id.to_owned(),
            draft_api_id: id.to_owned(),
            agreement_id: id.to_owned(),
            admin: Caller {
                id: id.to_owned(),
                key: String::new(),
            },
            others: Vec::new(),
            application_key: String::new(),
        }
    }

    /// The same ids, written otherwise.
    pub(super) fn respelt(&self, spelling: &str) -> Self {
        let spell = |id: &String| spelling.replace("{}", id);
        Self {
            organisation_id: spell(&self.organisation_id),
            member_id: spell(&self.member_id),
            application_id: spell(&self.application_id),
            credential_id: spell(&self.credential_id),
            member_credential_id: spell(&self.member_credential_id),
            backend_id: spell(&self.backend_id),
            limit_plan_id: spell(&self.limit_plan_id),
            api_id: spell(&self.api_id),
            agreement_id: spell(&self.agreement_id),
            ..self.clone()
        }
    }

    /// What stands for a path parameter.
    pub(super) fn of_parameter(&self, name: &str, path: &str) -> &str {
        match name {
            "organisationId" => &self.organisation_id,
            "memberId" => &self.member_id,
            "applicationId" => &self.application_id,
            "credentialId" if path.starts_with("/members/") => &self.member_credential_id,
            "credentialId" => &self.credential_id,
            "backendId" => &self.backend_id,
            "limitPlanId" => &self.limit_plan_id,
            "apiId" => &self.api_id,
            "agreementId" => &self.agreement_id,
            other => panic!("a new path parameter: teach the tenancy test what {other} names"),
        }
    }

    /// Every id that nobody else may see.
    pub(super) fn ids(&self) -> Vec<String> {
        [
            &self.organisation_id,
            &self.member_id,
            &self.application_id,
            &self.credential_id,
            &self.member_credential_id,
            &self.backend_id,
            &self.limit_plan_id,
            &self.api_id,
            &self.draft_api_id,
            &self.agreement_id,
        ]
        .map(Clone::clone)
        .to_vec()
    }
}

impl Stage {
    /// Registers it all, as an operator and agencies would.
    pub(super) async fn set() -> Self {
        let database = "sqlite:registry.sqlite";
        let world = World::begin(database);
        let node = world.node("first", database);
        for (id, kind) in [
            ("north-agency", "municipality"),
            ("south-agency", "municipality"),
            ("harbour", "privateActor"),
        ] {
            world.organisation(&node, id, kind).await;
        }
        let harbour = world.member(&node, "harbour", &["agencyAdmin"]).await;
        let north = agency(&world, &node, "north-agency", &harbour).await;
        let south = agency(&world, &node, "south-agency", &harbour).await;
        let mut more_admins = Vec::new();
        for _ in 0..8 {
            more_admins.push(world.member(&node, "south-agency", &["agencyAdmin"]).await);
        }
        let beside_operator = world.member(&node, "operator", &["agencyAdmin"]).await;
        let operators = world
            .get(&node, &world.operator, "/members?organisationId=operator")
            .await
            .body;
        let operators = operators["members"].as_array().unwrap();
        let operator = operators.iter().find(|one| one["roles"][0] == "operator").unwrap();
        let operator_id = operator["memberId"].as_str().unwrap().to_owned();
        let gone = world.member(&node, "north-agency", &["agencyAdmin"]).await;
        let path = format!("/members/{}/credentials", gone.id);
        let credential = world.get(&node, &north.admin.key, &path).await.body;
        let credential = credential["credentials"][0]["credentialId"].as_str().unwrap();
        let call = Call::new(&north.admin.key, "DELETE", &format!("{path}/{credential}"));
        assert_eq!(world.send(&node, &call).await.status, 204);
        world
            .until(&node, &Call::new(&gone.key, "GET", "/organisations"), 401)
            .await;
        let resting = world.member(&node, "north-agency", &["agencyAdmin"]).await;
        let body = json!({"name": "resting", "roles": ["agencyAdmin"], "suspended": true});
        world
            .change(
                &node,
                &north.admin.key,
                "PUT",
                &format!("/members/{}", resting.id),
                body,
            )
            .await;
        world
            .until(&node, &Call::new(&resting.key, "GET", "/organisations"), 401)
            .await;
        Self {
            revoked: gone.key,
            suspended: resting.key,
            world,
            node,
            north,
            south,
            beside_operator,
            more_admins,
            harbour,
            operator_id,
        }
    }

    /// The document that the node serves.
    pub(super) async fn document(&self) -> Value {
        let document = self
            .world
            .send(
                &self.node,
                &Call {
                    method: "GET".to_owned(),
                    path: "/openapi.json".to_owned(),
                    ..Call::default()
                },
            )
            .await;
        assert_eq!(document.status, 200, "{document:?}");
        document.body
    }

    /// All that the first agency has, as its own admin sees it.
    pub(super) async fn everything_of_north(&self) -> Vec<Value> {
        let (world, node) = self.parts();
        let mut all = Vec::new();
        for list in [
            "organisations",
            "members",
            "backends",
            "limit-plans",
            "apis",
            "applications",
            "agreements",
        ] {
            let found = world
                .get(node, &self.north.admin.key, &format!("/{list}?limit=100"))
                .await;
            assert_eq!(found.status, 200, "{found:?}");
            all.push(found.body);
        }
        for holder in [
            format!("applications/{}", self.north.application_id),
            format!("members/{}", self.north.member_id),
        ] {
            let mut found = world
                .get(node, &self.north.admin.key, &format!("/{holder}/credentials"))
                .await
                .body;
            for one in found["credentials"].as_array_mut().unwrap() {
                one.as_object_mut().unwrap().remove("lastUsedAt");
            }
            all.push(found);
        }
        all
    }
}

async fn agency(world: &World, node: &Node, id: &str, harbour: &Caller) -> Things {
    let admin = world.member(node, id, &["agencyAdmin", "agencyPublisher"]).await;
    let mut others = Vec::new();
    for role in ROLES {
        others.push((role, world.member(node, id, &[role]).await));
    }
    let key = admin.key.as_str();
    let text = |object: &Value, field: &str| object[field].as_str().unwrap().to_owned();
    let backend = json!({"name": "b", "targets": [{"url": "http://127.0.0.1:9"}], "privateNetwork": true});
    let backend_id = text(&world.make(node, key, "/backends", backend).await, "backendId");
    let plan = json!({"name": "p", "per": "application", "quota": 5, "windowSeconds": 60});
    let limit_plan_id = text(&world.make(node, key, "/limit-plans", plan).await, "limitPlanId");
    let api = |name: &str| {
        json!({"name": name, "title": "t", "version": "1.0.0", "state": "active", "authentication": "key",
            "personalData": false, "backendId": backend_id, "limitPlanIds": [limit_plan_id],
            "operations": [{"method": "GET", "path": "/things"}]})
    };
    let mut open = api(&format!("{id}-open"));
    let documented = id.starts_with("north");
    if documented {
        open.as_object_mut().unwrap().remove("operations");
    }
    let api_id = text(&world.make(node, key, "/apis", open).await, "apiId");
    if documented {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"},
            "paths": {"/things": {"get": {"responses": {"200": {"description": "ok"}}}}}});
        let path = format!("/apis/{api_id}/openapi");
        world.change(node, key, "PUT", &path, document).await;
    }
    let path = format!("/apis/{api_id}/publications");
    world.change(node, key, "POST", &path, json!({})).await;
    let draft_api_id = text(
        &world.make(node, key, "/apis", api(&format!("{id}-draft"))).await,
        "apiId",
    );
    let application = world.make(node, key, "/applications", json!({"name": "a"})).await;
    let application_id = text(&application, "applicationId");
    let credentials = format!("/applications/{application_id}/credentials");
    let credential = world
        .make(node, key, &credentials, json!({"name": "k", "kind": "apiKey"}))
        .await;
    let member = world
        .make(node, key, "/members", json!({"name": "m", "roles": ["auditor"]}))
        .await;
    let member_id = text(&member, "memberId");
    let credentials = format!("/members/{member_id}/credentials");
    let member_credential = world
        .make(node, key, &credentials, json!({"name": "k", "kind": "apiKey"}))
        .await;
    let agreement = json!({"kind": "avtal", "purpose": "p", "personalData": false, "validFrom": "2026-01-01T00:00:00Z",
        "parties": [{"organisationId": id, "role": "producer"}, {"organisationId": "harbour", "role": "consumer"}],
        "apiIds": [api_id]});
    let agreement_id = text(&world.make(node, key, "/agreements", agreement).await, "agreementId");
    // The first agency's is in force; the second's is still to be signed, so that its terms can be tried on.
    let signers: &[&str] = if id.starts_with("north") {
        &[key, &harbour.key]
    } else {
        &[]
    };
    for signer in signers {
        world
            .change(
                node,
                signer,
                "POST",
                &format!("/agreements/{agreement_id}/signatures"),
                json!({}),
            )
            .await;
    }
    let application_key = text(&credential, "secret");
    let refused = Call::new(&application_key, "GET", "/organisations");
    world.until(node, &refused, 403).await;
    Things {
        organisation_id: id.to_owned(),
        credential_id: text(&credential, "credentialId"),
        member_credential_id: text(&member_credential, "credentialId"),
        member_id,
        application_id,
        backend_id,
        limit_plan_id,
        api_id,
        draft_api_id,
        agreement_id,
        admin,
        others,
        application_key,
    }
}
