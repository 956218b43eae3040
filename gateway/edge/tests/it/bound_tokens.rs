//! Tokens that are bound to their sender, APIs that take no others, and what a backend is told, signed.

use crate::shared_limits::Store;
use crate::support::{Gateway, api, echo, gateway, origin, problem};
use limits::Shelf;
use snapshot::{Assertion, Authentication, OrganisationDraft, OrganisationKind, SenderConstraint};

#[tokio::test]
async fn a_bound_token_needs_its_proof_and_an_unbound_one_is_refused_where_binding_is_asked_for() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| {
            draft.apis[0] = api("test", Authentication::Token);
            let mut bound = api("bound", Authentication::Token);
            bound.sender_constraint = SenderConstraint::Dpop;
            draft.apis.push(bound);
            let mut mtls = api("mtls", Authentication::Token);
            mtls.sender_constraint = SenderConstraint::Mtls;
            draft.apis.push(mtls);
        })
        .agreement(&["items"], None)
        .start();
    let ask = async |path: &str, authorization: &str, proof: Option<&str>| {
        let mut headers = vec![("authorization", authorization)];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        gateway.get(path, &headers).await
    };
    for api in ["test", "bound"] {
        let path = format!("/{api}/v1/items/1");
        let proof = format!("GET {} thumbprint", gateway.url(&path));
        let good = ask(&path, "DPoP bound-app-items", Some(&proof)).await;
        assert_eq!(good.status(), 200, "{api}");
        let refused = ask(&path, "DPoP bound-app-items", Some("another")).await;
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()["dpop-nonce"], "n1");
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""),
            "{challenge}"
        );
        for (authorization, proof) in [
            ("DPoP bound-app-items", None),
            ("Bearer bound-app-items", Some(proof.as_str())),
        ] {
            let refused = ask(&path, authorization, proof).await;
            assert_eq!(refused.status(), 401, "{api} {authorization}");
            assert_eq!(problem(refused).await["reason"], "invalid_token");
        }
    }
    assert_eq!(
        ask("/test/v1/items/1", "Bearer token-app-items", None).await.status(),
        200
    );
    assert_eq!(
        ask("/test/v1/items/1", "DPoP token-app-items", None).await.status(),
        401
    );
    for path in ["/bound/v1/items/1", "/mtls/v1/items/1"] {
        assert_eq!(ask(path, "Bearer token-app-items", None).await.status(), 401, "{path}");
    }
    let proof = format!("GET {} thumbprint", gateway.url("/mtls/v1/items/1"));
    let refused = ask("/mtls/v1/items/1", "DPoP bound-app-items", Some(&proof)).await;
    assert_eq!(refused.status(), 401, "a key is no certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_one_node_has_taken_is_refused_by_every_other_and_by_all_while_nobody_can_say() {
    let mut store = Store::start();
    let origin = origin(echo).await;
    let node = |shelf: Option<Shelf>| {
        let mut builder = gateway(origin).with(|draft| draft.apis[0] = api("test", Authentication::Token));
        builder.settings.shelf = shelf.unwrap_or_default();
        builder.agreement(&["items"], None).start()
    };
    let nodes = [node(Some(store.shelf())), node(Some(store.shelf()))];
    let ask = async |node: &Gateway, scope: &str, number: u8| {
        let authorization = format!("DPoP bound-app-{scope}");
        let proof = format!("proof-{number}");
        let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
        node.get("/test/v1/items/1", &headers).await
    };
    assert_eq!(ask(&nodes[0], "items", 1).await.status(), 200);
    for node in &nodes {
        let refused = ask(node, "items", 1).await;
        assert_eq!(refused.status(), 401);
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_dpop_proof\""), "{challenge}");
        assert_eq!(problem(refused).await["reason"], "invalid_dpop_proof");
    }
    assert_eq!(ask(&nodes[1], "items", 2).await.status(), 200);
    // What is refused before uses nothing up.
    assert_eq!(ask(&nodes[0], "others", 3).await.status(), 403);
    assert_eq!(ask(&nodes[1], "items", 3).await.status(), 200);

    store.kill();
    let refused = ask(&nodes[0], "items", 4).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert_eq!(problem(refused).await["code"], "proof-unavailable");
    let unbound = [("authorization", "Bearer token-app-items")];
    assert_eq!(
        nodes[0].get("/test/v1/items/1", &unbound).await.status(),
        200,
        "it concerns no other call"
    );
    // Who has no store remembers for itself, which is for identity's part.
    assert_eq!(ask(&node(None), "items", 5).await.status(), 200);
}

#[tokio::test]
async fn a_backend_that_asks_for_it_is_told_who_calls_and_nobody_else_can_tell_it() {
    for (kind, wanted) in [
        (Assertion::None, None),
        (
            Assertion::Session,
            Some("test-v1 Some(\"app\") Some(\"party-1\") false"),
        ),
        (Assertion::Call, Some("test-v1 Some(\"app\") Some(\"party-1\") true")),
    ] {
        let gateway = gateway(origin(echo).await)
            .with(|draft| {
                draft.apis[0] = api("test", Authentication::Token);
                draft.backends[0].assertion = kind;
            })
            .agreement(&["items"], None)
            .start();
        let headers = [
            ("authorization", "Bearer token-app-items"),
            ("vagvisare-assertion", "forged"),
        ];
        let seen = gateway.get("/test/v1/items/1", &headers).await.text().await.unwrap();
        let told = seen.lines().find_map(|line| line.strip_prefix("vagvisare-assertion: "));
        assert_eq!(told, wanted, "{seen}");
        let headers = [("authorization", "Bearer acting-app-items")];
        let seen = gateway.get("/test/v1/items/1", &headers).await.text().await.unwrap();
        let acted = format!("{} acted for by guardian party-2", wanted.unwrap_or_default());
        assert_eq!(wanted.is_some(), seen.contains(&acted), "{seen}");
        assert_eq!(
            seen.matches("party-2").count(),
            usize::from(wanted.is_some()),
            "nowhere else: {seen}"
        );
    }
}

#[tokio::test]
async fn a_supplier_that_calls_for_a_consumer_is_named_to_the_backend() {
    let mut builder = gateway(origin(echo).await)
        .with(|draft| {
            draft.apis[0] = api("test", Authentication::Token);
            draft.backends[0].assertion = Assertion::Session;
            draft.organisations.push(OrganisationDraft {
                id: "vendor".into(),
                name: "The Vendor".into(),
                kind: OrganisationKind::PrivateActor,
            });
            draft.applications[0].organisation = "vendor".into();
        })
        .agreement(&["items"], None);
    builder.draft.agreements[0].suppliers = vec!["vendor".into()];
    builder.draft.agreements[0].applications = vec!["app".into()];
    let gateway = builder.start();
    let headers = [("authorization", "Bearer token-app-items")];
    let seen = gateway.get("/test/v1/items/1", &headers).await.text().await.unwrap();
    assert!(seen.contains("false for another by vendor"), "{seen}");
}
