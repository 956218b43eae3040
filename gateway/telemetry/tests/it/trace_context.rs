//! W3C Trace Context, level 1: what is continued, what starts anew, what is passed on.

use http::{HeaderMap, HeaderValue};
use telemetry::{Sampler, TraceContext};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn read(headers: &[(&'static str, &str)]) -> TraceContext {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    TraceContext::from_headers(&map, &Sampler::new(1.0, false))
}

fn continues(value: &str) -> bool {
    read(&[("traceparent", value)]).parent_span_id.is_some()
}

#[test]
fn valid_parents_are_continued() {
    let good = [
        format!("00-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-00"),
        format!("00-{TRACE}-{PARENT}-ff"),
        format!("01-{TRACE}-{PARENT}-01"),
        format!("cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like"),
    ];
    for value in &good {
        let context = read(&[("traceparent", value)]);
        assert_eq!(context.trace_id_hex().as_str(), TRACE, "{value}");
        assert_eq!(
            context.parent_span_id,
            Some([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]),
            "{value}"
        );
        assert_ne!(Some(context.span_id), context.parent_span_id, "{value}");
    }
}

#[test]
fn anything_else_starts_a_new_trace() {
    let bad = [
        String::new(),
        "00".to_owned(),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("00-{TRACE}-{PARENT}-01-"),
        format!("cc-{TRACE}-{PARENT}-01.more"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}-{}-01", PARENT.to_uppercase()),
        format!("00-{TRACE}-{PARENT}-0A"),
        format!("0A-{TRACE}-{PARENT}-01"),
        format!("00-{}-{PARENT}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{TRACE}-{PARENT}-1"),
        format!("00-{TRACE}-{PARENT}-001"),
        format!("00_{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}_{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}_01"),
        format!(" 00-{TRACE}-{PARENT}-01"),
        format!("00-{}-{PARENT}-01", "g".repeat(32)),
        format!("00-{}-{PARENT}-01", "å".repeat(16)),
        format!("00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01"),
    ];
    for value in &bad {
        assert!(!continues(value), "{value}");
        let context = read(&[("traceparent", value), ("tracestate", "a=b")]);
        assert_ne!(context.trace_id, [0; 16]);
        assert_eq!(
            context.tracestate, None,
            "vendor data without a valid parent is dropped: {value}"
        );
    }
    let good = format!("00-{TRACE}-{PARENT}-01");
    assert_eq!(
        read(&[("traceparent", &good), ("traceparent", &good)]).parent_span_id,
        None,
        "doubled"
    );
}

fn state(lines: &[&str]) -> Option<String> {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let mut headers = vec![("traceparent", parent.as_str())];
    headers.extend(lines.iter().map(|line| ("tracestate", *line)));
    read(&headers)
        .tracestate
        .map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn tracestate_passes_through_when_it_is_one() {
    for good in [
        "rojo=00f067aa0ba902b7",
        "a=1,b=2",
        "a=1 , b=2,",
        "fw529a3039@dt=FfAkFvVs",
        "1a@b=c",
        "a/b*c_d-e= x!~",
    ] {
        assert_eq!(state(&[good]).as_deref(), Some(good), "{good}");
    }
    assert_eq!(
        state(&["a=1", "b=2"]).as_deref(),
        Some("a=1,b=2"),
        "several lines are one list"
    );
}

#[test]
fn tracestate_is_dropped_whole_when_it_is_not() {
    let many = (0..33).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    let long = format!("a={}", "x".repeat(257));
    let huge = format!("a={},b={},c={}", "x".repeat(200), "x".repeat(200), "x".repeat(200));
    for bad in [
        "", ",", "a", "A=1", "1a=1", "a=1,a=2", "a=b=c", "a=", "=1", "a@=1", "@b=1", "a@b@c=1", "a@1=1", "a=\tb",
        "a=å", &many, &long, &huge,
    ] {
        assert_eq!(state(&[bad]), None, "{bad}");
    }
    assert_eq!(state(&["a=1", "a=2"]), None, "a key twice, on two lines");
    assert_eq!(state(&[&huge[..400], &huge[..400]]), None, "too long together");
}

#[test]
fn what_is_sent_on_names_the_child_and_the_share_decides_the_flag() {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let mut map = HeaderMap::new();
    map.insert("traceparent", HeaderValue::from_str(&parent).unwrap());
    let context = TraceContext::from_headers(&map, &Sampler::new(0.0, false));
    assert!(!context.sampled, "the caller's flag is not trusted");
    let child = context.child();
    let hex: String = child.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(context.traceparent(child), format!("00-{TRACE}-{hex}-00"));
    let trusted = TraceContext::from_headers(&map, &Sampler::new(0.0, true));
    assert!(trusted.sampled);
    assert_eq!(
        trusted.traceparent(trusted.span_id),
        format!("00-{TRACE}-{}-01", trusted.span_id_hex())
    );
}
