//! A node that dies while an application reads about a person: whatever was answered, the person sees.

use crate::people::Browser;
use crate::process::{shell, start_demo};
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// Answers after which the node is killed.
const ENOUGH: usize = 40;

fn file(data: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap()
}

/// The traces of the calls that the person is told of.
fn told(browser: &Browser, gateway: &str) -> HashSet<String> {
    let export: Value = serde_json::from_str(&browser.page(&format!("{gateway}/me/export"))).unwrap();
    let readings = export["readings"].as_array().unwrap().iter();
    readings.map(|one| one["trace"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_about_a_person_is_told_to_them_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut demo = start_demo(&data);
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let found = file(&data);
    let text = |path: &str| found.pointer(path).unwrap().as_str().unwrap().to_owned();
    let browser = Browser::new(&directory.path().join("jar"));
    let authorize = format!(
        "{}?response_type=code&client_id=exempelbanken-app&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&scope=cases.read&redirect_uri={}&resource={}",
        text("/personPages/authorize"),
        text("/personPages/redirectUri"),
        text("/personPages/resource")
    );
    let answer = browser.say_yes(&gateway, &authorize, "alva");
    let code = answer.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let token = shell(&format!(
        "'{}' token --application exempelbanken-app --key '{}' --gateway {gateway} --resource {} --code {code} \
         --redirect-uri {} --code-verifier dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        env!("CARGO_BIN_EXE_vagvisare"),
        text("/clientKey/file"),
        text("/personPages/resource"),
        text("/personPages/redirectUri")
    ));

    let answered = Arc::<Mutex<Vec<String>>>::default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut callers = JoinSet::new();
    for caller in 0..4 {
        let (answered, client) = (Arc::clone(&answered), client.clone());
        let url = format!("{gateway}/case-status/v1/cases?limit=1");
        let token = token.trim().to_owned();
        callers.spawn(async move {
            for call in 0.. {
                let trace = format!("{:032x}", 1 + caller * 1_000_000 + call);
                let request = client
                    .get(&url)
                    .bearer_auth(&token)
                    .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
                // The node is gone.
                let Ok(answer) = request.send().await else { return };
                if answer.status() == 200 {
                    answered.lock().unwrap().push(trace);
                }
            }
        });
    }
    while answered.lock().unwrap().len() < ENOUGH {
        tokio::task::yield_now().await;
    }
    demo.signal("KILL");
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    drop(demo);

    let mut again = start_demo(&data);
    let gateway = again.wait_for("ready ");
    again.wait_for("Scripts: ");
    let browser = Browser::new(&directory.path().join("another-jar"));
    browser.logs_in(&gateway, "alva");
    let told = told(&browser, &gateway);
    let answered = answered.lock().unwrap().clone();
    assert!(
        answered.len() >= ENOUGH && answered.len() < 190,
        "the export lists 200: {}",
        answered.len()
    );
    for trace in answered {
        assert!(told.contains(&trace), "{trace} was answered and is not told");
    }
}
