//! The event stream and the list: nothing is missed from one stream to the next.

use std::time::Duration;

use futures_util::StreamExt;

use crate::support::{Running, client};

/// Reads a stream until it has this many events.
async fn read(
    service: &Running,
    party: &str,
    last: Option<&str>,
    count: usize,
    then: impl Future<Output = ()>,
) -> Vec<(String, String)> {
    let mut request = client()
        .get(format!("{}/events/stream", service.url))
        .header("vagvisare-subject", party);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/event-stream")
    );
    then.await;
    let (mut stream, mut text) = (answer.bytes_stream(), String::new());
    let reading = async {
        while text.matches("\n\n").count() < count {
            text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap();
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
    blocks
        .map(|block| (field(block, "id:"), field(block, "data:")))
        .collect()
}

#[tokio::test]
async fn a_stream_begins_now_and_goes_on_where_the_last_one_ended() {
    let service = Running::start(None).await;
    service.news.tell("alva", 1);
    service.channels.read_changes().await.unwrap();
    let happen = async {
        service.news.tell("bo", 2);
        service.news.tell("alva", 3);
        service.channels.read_changes().await.unwrap();
    };
    let first = read(&service, "alva", None, 1, happen).await;
    assert_eq!(first.len(), 1);
    assert!(
        first[0].1.contains(&crate::support::uuid(3)) && !first[0].1.contains("alva"),
        "{first:?}"
    );
    service.news.tell("alva", 4);
    service.news.tell("alva", 5);
    service.channels.read_changes().await.unwrap();
    let second = read(&service, "alva", Some(&first[0].0), 2, async {}).await;
    let subjects: Vec<_> = second
        .iter()
        .map(|(_, data)| data.contains(&crate::support::uuid(4)))
        .collect();
    assert_eq!(subjects, [true, false]);
    let all = read(&service, "alva", Some("0"), 4, async {}).await;
    assert_eq!(all.len(), 4);
    let listed = service.get("alva", "/events?limit=3").await;
    assert_eq!(listed["events"].as_array().unwrap().len(), 3);
    let next = listed["_links"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["rel"] == "next")
        .unwrap();
    let path = next["href"]
        .as_str()
        .unwrap()
        .strip_prefix(&service.url)
        .unwrap()
        .to_owned();
    assert_eq!(service.get("alva", &path).await["events"].as_array().unwrap().len(), 1);
    let wrong = client()
        .get(format!("{}/events/stream", service.url))
        .header("vagvisare-subject", "alva")
        .header("last-event-id", "x");
    assert_eq!(wrong.send().await.unwrap().status(), 400);
}
