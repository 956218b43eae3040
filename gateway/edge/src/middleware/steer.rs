//! Sends a share of an API's calls to another backend: a canary, whose answers callers get, and a mirror, which is only
//! shown reads and whose answers nobody gets.
//!
//! Both are backends of the same organisation, so nobody is shown a call that was not meant for it.

use super::around::{Inside, Take, Taken};
use crate::body::RequestBody;
use crate::call::{Answer, Call, Facts};
use crate::upstream::fleet::chance;
use http::{Method, request};
use http_body::Body;
use snapshot::Canary;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;

/// Mirrored calls of one worker at once; beyond that none is mirrored.
const MOST_MIRRORED: usize = 64;
/// What is read of a mirror's answer, so that its connection can be used again.
const MOST_READ: usize = 1 << 20;

thread_local! {
    static MIRRORED: Cell<usize> = const { Cell::new(0) };
}

/// The layer.
#[derive(Debug, Clone)]
pub struct Steer;

impl Take for Steer {
    fn concerns(&self, call: &Call) -> bool {
        call.facts
            .api()
            .is_some_and(|api| api.traffic.canary.is_some() || api.traffic.mirror.is_some())
            && call.facts.goes_to_backend()
    }

    fn take<S: Inside>(&self, mut call: Call, mut inside: S) -> Taken {
        if let Some(api) = call.facts.api() {
            let mirrored = api
                .traffic
                .mirror
                .as_ref()
                .filter(|mirror| is_plain_read(&call) && chance() * 100.0 < f32::from(mirror.percent))
                .and(api.mirror);
            if let Some(backend) = mirrored {
                let mut facts = call.facts.apart();
                facts.backend = Some(backend);
                show(&call.head, facts, inside.clone());
            }
        }
        if let Some(api) = call.facts.api()
            && let Some(canary) = &api.traffic.canary
            && is_for(canary, &call, chance() * 100.0)
        {
            call.facts.backend = api.canary;
        }
        Box::pin(inside.call(call))
    }
}

fn is_plain_read(call: &Call) -> bool {
    matches!(call.head.method, Method::GET | Method::HEAD)
        && call.body_is_empty()
        && !call.head.headers.contains_key(http::header::UPGRADE)
}

/// Whether a call goes to the canary: its header or its application says so, or chance does.
fn is_for(canary: &Canary, call: &Call, chance: f32) -> bool {
    let by_header = canary
        .header
        .as_deref()
        .is_some_and(|name| call.head.headers.contains_key(name));
    let by_application = call.facts.consumer.as_ref().is_some_and(|consumer| {
        let id = &call.facts.plan.snapshot.application(consumer.application).id;
        canary.applications.iter().any(|named| **named == **id)
    });
    by_header || by_application || chance < f32::from(canary.percent)
}

/// Shows the mirror a copy, without anybody waiting for it.
fn show<S: Inside>(head: &request::Parts, facts: Box<Facts>, mut inside: S) {
    let place = MIRRORED.get();
    if place >= MOST_MIRRORED {
        return;
    }
    MIRRORED.set(place + 1);
    let mut copy = http::Request::new(()).into_parts().0;
    copy.method = head.method.clone();
    copy.uri = head.uri.clone();
    copy.version = head.version;
    copy.headers = head.headers.clone();
    let call = Call {
        head: copy,
        body: RequestBody::empty(),
        facts,
    };
    let called = inside.call(call);
    tokio::task::spawn_local(async move {
        let _shown = Shown;
        if let Ok(Answer { response, .. }) = called.await {
            let mut body = response.into_body();
            let mut read = 0;
            while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                read += frame.data_ref().map_or(0, bytes::Bytes::len);
                if read > MOST_READ {
                    return;
                }
            }
        }
    });
}

/// Counted among the mirrored calls until it is dropped.
struct Shown;

impl Drop for Shown {
    fn drop(&mut self) {
        MIRRORED.set(MIRRORED.get().saturating_sub(1));
    }
}
