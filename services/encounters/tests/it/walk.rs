//! The walk of an agency and a channel, over a socket.

use encounters::{EncountersConfig, service};
use serde_json::{Value, json};
use service_host::ServiceTelemetry;

#[tokio::test]
async fn a_call_back_is_offered_booked_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let config = EncountersConfig {
        database: format!("sqlite:{}", directory.path().join("encounters.sqlite").display()),
        number_key: directory.path().join("number.key"),
    };
    let service = service(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/encounters/v1", listener.local_addr().unwrap());
    tokio::spawn(service_host::serve(
        listener,
        service,
        std::future::pending(),
        ServiceTelemetry::off(),
    ));
    let client = reqwest::Client::new();
    let send = async |method: &str, path: &str, body: Value, organisation: &str| {
        let request = client
            .request(method.parse().unwrap(), format!("{base}{path}"))
            .json(&body);
        let request = request.header("vagvisare-application", format!("{organisation}-app"));
        let response = request
            .header("vagvisare-organisation", organisation)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    for count in 1..=3 {
        let message = json!({"organisationId": "skatteverket", "matterId": "m-1"});
        let (status, thread) = send("POST", "/thread-messages", message, "banken").await;
        assert_eq!((status, thread["offerCallback"].as_bool()), (201, Some(count == 3)));
    }
    let time = json!({"kind": "callback", "startsAt": "2999-01-11T09:00:00Z", "endsAt": "2999-01-11T09:30:00Z"});
    let (status, slot) = send("POST", "/slots", time, "skatteverket").await;
    assert_eq!(status, 201, "{slot}");
    let past = json!({"kind": "callback", "startsAt": "2020-01-11T09:00:00Z", "endsAt": "2020-01-11T09:30:00Z"});
    assert_eq!(send("POST", "/slots", past, "skatteverket").await.0, 422);
    let (_, slots) = send("GET", "/slots?organisationId=skatteverket", json!({}), "banken").await;
    assert_eq!(slots["_meta"]["count"], 1);

    let booking = json!({"slotId": slot["slotId"], "phoneNumber": "070-174 06 05"});
    let without = json!({"slotId": slot["slotId"]});
    assert_eq!(send("POST", "/bookings", without, "banken").await.0, 422);
    let (status, booked) = send("POST", "/bookings", booking.clone(), "banken").await;
    assert_eq!((status, booked["state"].as_str()), (201, Some("booked")));
    assert_eq!(send("POST", "/bookings", booking, "hyresvarden").await.0, 409);
    let (_, promised) = send("GET", "/bookings?side=agency", json!({}), "skatteverket").await;
    assert_eq!(promised["bookings"][0]["bookingId"], booked["bookingId"]);
    let path = format!("/bookings/{}", booked["bookingId"].as_str().unwrap());
    assert_eq!(send("GET", &path, json!({}), "hyresvarden").await.0, 404);
    assert_eq!(send("GET", &format!("{path}/number"), json!({}), "banken").await.0, 404);
    let (_, number) = send("GET", &format!("{path}/number"), json!({}), "skatteverket").await;
    assert_eq!(number["phoneNumber"], "070-174 06 05");
    let (status, kept) = send(
        "POST",
        &format!("{path}/outcome"),
        json!({"kept": true}),
        "skatteverket",
    )
    .await;
    assert_eq!((status, kept["hasNumber"].as_bool()), (200, Some(false)));
    assert_eq!(
        send("GET", &format!("{path}/number"), json!({}), "skatteverket")
            .await
            .0,
        409
    );
    let (_, promises) = send("GET", "/promises", json!({}), "skatteverket").await;
    assert_eq!(promises["kept"], 1);
}
