//! A call with a person's token is noted for the person, or it is not made.

use crate::support::{api, echo, gateway, origin, problem};
use snapshot::Authentication;

#[tokio::test]
async fn what_cannot_be_noted_is_not_read() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Token))
        .agreement(&["items"], None)
        .start();
    let ask = async |token: &str| {
        let authorization = format!("Bearer told-app-items-{token}");
        let headers = [("authorization", authorization.as_str())];
        gateway.get("/test/v1/items/1", &headers).await
    };
    assert_eq!(ask("token1").await.status(), 200);
    let refused = ask("full").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused).await["code"], "overloaded");
}
