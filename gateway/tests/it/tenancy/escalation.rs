//! Ways to more rights than one was given.

use super::things::Stage;
use crate::world::{Call, Caller};
use serde_json::{Value, json};

/// One try: who, what, and how it must be refused.
struct Try<'a> {
    what: &'static str,
    by: &'a Caller,
    method: &'static str,
    path: String,
    body: Value,
    status: u16,
}

/// Tries them all, and sees that nobody's roles have changed.
pub(super) async fn tries(stage: &Stage) {
    let north = &stage.north;
    let role = |name: &str| &north.others.iter().find(|(role, _)| *role == name).unwrap().1;
    let (admin, developer, publisher, auditor) = (
        &north.admin,
        role("developer"),
        role("agencyPublisher"),
        role("auditor"),
    );
    let member = |id: &str| format!("/members/{id}");
    let keys = |id: &str| format!("/members/{id}/credentials");
    let key = json!({"name": "mine", "kind": "apiKey"});
    let roles = |roles: &[&str]| json!({"name": "n", "roles": roles});
    let tries = [
        Try {
            what: "an admin makes an operator",
            by: admin,
            method: "POST",
            path: "/members".to_owned(),
            body: roles(&["operator"]),
            status: 422,
        },
        Try {
            what: "an admin hides operator among others",
            by: admin,
            method: "POST",
            path: "/members".to_owned(),
            body: roles(&["auditor", "operator"]),
            status: 422,
        },
        Try {
            what: "an admin makes itself an operator",
            by: admin,
            method: "PUT",
            path: member(&admin.id),
            body: roles(&["operator"]),
            status: 422,
        },
        Try {
            what: "an admin changes its own roles",
            by: admin,
            method: "PUT",
            path: member(&admin.id),
            body: roles(&["auditor"]),
            status: 422,
        },
        Try {
            what: "an admin promotes a colleague to operator",
            by: admin,
            method: "PUT",
            path: member(&developer.id),
            body: roles(&["operator"]),
            status: 422,
        },
        Try {
            what: "an admin makes a member elsewhere",
            by: admin,
            method: "POST",
            path: "/members".to_owned(),
            body: json!({"name": "n", "roles": ["agencyAdmin"], "organisationId": "operator"}),
            status: 422,
        },
        Try {
            what: "an admin moves itself elsewhere",
            by: admin,
            method: "PUT",
            path: member(&admin.id),
            body: json!({"name": "n", "roles": ["agencyAdmin", "agencyPublisher"], "organisationId": "operator"}),
            status: 422,
        },
        Try {
            what: "a developer makes itself an admin",
            by: developer,
            method: "PUT",
            path: member(&developer.id),
            body: roles(&["agencyAdmin"]),
            status: 403,
        },
        Try {
            what: "a developer makes a member",
            by: developer,
            method: "POST",
            path: "/members".to_owned(),
            body: roles(&["agencyAdmin"]),
            status: 403,
        },
        Try {
            what: "a developer makes a key for an admin",
            by: developer,
            method: "POST",
            path: keys(&admin.id),
            body: key.clone(),
            status: 403,
        },
        Try {
            what: "a publisher makes a key for an admin",
            by: publisher,
            method: "POST",
            path: keys(&admin.id),
            body: key.clone(),
            status: 403,
        },
        Try {
            what: "an auditor makes a key for itself",
            by: auditor,
            method: "POST",
            path: keys(&auditor.id),
            body: key.clone(),
            status: 403,
        },
        Try {
            what: "a developer publishes",
            by: developer,
            method: "POST",
            path: format!("/apis/{}/publications", north.api_id),
            body: json!({}),
            status: 403,
        },
        Try {
            what: "a member's key asked for through applications",
            by: developer,
            method: "POST",
            path: format!("/applications/{}/credentials", admin.id),
            body: key.clone(),
            status: 404,
        },
        Try {
            what: "an application that takes a member's id",
            by: developer,
            method: "POST",
            path: "/applications".to_owned(),
            body: json!({"name": "n", "applicationId": admin.id}),
            status: 422,
        },
        Try {
            what: "an agency changes what it is",
            by: admin,
            method: "PUT",
            path: format!("/organisations/{}", north.organisation_id),
            body: json!({"name": "n", "kind": "stateAgency"}),
            status: 422,
        },
        Try {
            what: "an agency reads files of the nodes",
            by: admin,
            method: "PUT",
            path: format!("/backends/{}", north.backend_id),
            body: json!({"name": "b", "targets": [{"url": "http://127.0.0.1:9"}], "privateNetwork": true, "trustedRootsFile": "/etc/passwd"}),
            status: 422,
        },
        Try {
            what: "a colleague makes a key for the operator",
            by: &stage.beside_operator,
            method: "POST",
            path: keys(&stage.operator_id),
            body: key.clone(),
            status: 403,
        },
        Try {
            what: "a colleague suspends the operator",
            by: &stage.beside_operator,
            method: "PUT",
            path: member(&stage.operator_id),
            body: json!({"name": "n", "roles": ["operator"], "suspended": true}),
            status: 403,
        },
        Try {
            what: "a colleague removes the operator",
            by: &stage.beside_operator,
            method: "DELETE",
            path: member(&stage.operator_id),
            body: Value::Null,
            status: 403,
        },
        Try {
            what: "an admin removes itself",
            by: admin,
            method: "DELETE",
            path: member(&admin.id),
            body: Value::Null,
            status: 409,
        },
        Try {
            what: "a colleague registers an organisation",
            by: &stage.beside_operator,
            method: "POST",
            path: "/organisations".to_owned(),
            body: json!({"organisationId": "mine", "name": "n", "kind": "stateAgency"}),
            status: 403,
        },
    ];
    let (world, node) = stage.parts();
    let operator = world.operator.as_str();
    let before = world.get(node, operator, "/members?limit=100").await.body;
    for one in tries {
        let mut call = Call::new(&one.by.key, one.method, &one.path).seen("*");
        call.body = (!one.body.is_null()).then(|| one.body.clone());
        let answer = world.send(node, &call).await;
        assert_eq!(answer.status, one.status, "{}: {answer:?}", one.what);
    }
    let after = world.get(node, operator, "/members?limit=100").await.body;
    assert_eq!(before, after, "a member has changed");
    agreements(stage).await;
}

/// What only those who are bound by an agreement do to it.
async fn agreements(stage: &Stage) {
    let (world, node) = stage.parts();
    let (north, south) = (&stage.north, &stage.south);
    let proposed = json!({"kind": "avtal", "purpose": "p", "personalData": false, "validFrom": "2026-01-01T00:00:00Z",
        "parties": [{"organisationId": north.organisation_id, "role": "producer"}, {"organisationId": "harbour", "role": "consumer"},
            {"organisationId": south.organisation_id, "role": "supplier"}],
        "apiIds": [north.api_id], "applicationIds": [south.application_id]});
    let proposed = world.make(node, &north.admin.key, "/agreements", proposed).await;
    let path = format!("/agreements/{}", proposed["agreementId"].as_str().unwrap());
    // An operator acts for agencies, but signs for none of them.
    let refused = async |key: &str, method: &str, what: &str, body: Value| {
        let call = Call::new(key, method, &format!("{path}/{what}")).with(body).seen("*");
        let answer = world.send(node, &call).await;
        assert_eq!(answer.status, 403, "{call:?} {answer:?}");
    };
    refused(&world.operator, "POST", "signatures", json!({})).await;
    refused(&south.admin.key, "POST", "signatures", json!({})).await;
    for key in [&north.admin.key, &stage.harbour.key] {
        world
            .change(node, key, "POST", &format!("{path}/signatures"), json!({}))
            .await;
    }
    let reason = json!({"reason": "because"});
    refused(&south.admin.key, "PUT", "suspension", reason.clone()).await;
    refused(&south.admin.key, "PUT", "termination", reason.clone()).await;
    world
        .change(node, &north.admin.key, "PUT", &format!("{path}/suspension"), reason)
        .await;
    refused(&stage.harbour.key, "DELETE", "suspension", Value::Null).await;
}
