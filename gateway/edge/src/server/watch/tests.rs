//! The watcher's judgement, tick by tick.

use super::*;

const PATIENCE: Patience = Patience {
    head: 3,
    idle: 10,
    stall: 4,
};

fn after(ticks: u32, facts: Facts, draining: bool) -> Verdict {
    let mut memory = Memory {
        requests: facts.requests,
        parts: facts.parts,
        ..Memory::default()
    };
    (0..ticks).fold(Verdict::Leave, |_, _| judge(&mut memory, facts, PATIENCE, draining))
}

#[test]
fn connection_that_never_asked_is_cut_after_the_head_limit() {
    assert_eq!(after(3, Facts::default(), false), Verdict::Leave);
    assert_eq!(after(4, Facts::default(), false), Verdict::Cut);
}

#[test]
fn idle_connection_is_asked_to_end_then_cut() {
    let idle = Facts {
        requests: 7,
        ..Facts::default()
    };
    assert_eq!(after(10, idle, false), Verdict::Leave);
    assert_eq!(after(11, idle, false), Verdict::Finish);
    assert_eq!(after(16, idle, false), Verdict::Cut);
}

#[test]
fn connection_without_a_request_for_two_ticks_sleeps() {
    let idle = Facts {
        requests: 7,
        ..Facts::default()
    };
    assert_eq!(after(2, idle, false), Verdict::Sleep);
    let others = [
        Facts { requests: 0, ..idle },
        Facts { http2: true, ..idle },
        Facts { in_flight: 1, ..idle },
    ];
    for other in others {
        assert_eq!(after(2, other, false), Verdict::Leave);
    }
    assert_eq!(after(2, idle, true), Verdict::Last);
}

#[test]
fn only_a_connection_on_which_nothing_goes_on_may_sleep() {
    let (watched, mut open) = Watched::open(&Arc::new(WorkerStats::default()));
    let mut serve = |bytes: &[u8]| {
        open.received(bytes);
        watched.request_begins();
        assert!(!watched.may_sleep(), "in flight");
        watched.request_ends();
        watched.may_sleep()
    };
    assert!(serve(b"GET / HTTP/1.1\r\n\r\n"));
    assert!(!serve(b"GET / HTTP/1.1\r\n\r\nGET"), "the next has begun");
    assert!(serve(b" / HTTP/1.1\r\n\r\n"));
    assert!(
        !serve(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n1"),
        "a body is not read"
    );
    assert!(serve(b"2"));
    open.received(b"\r\n");
    assert!(!watched.may_sleep(), "something came");
    watched.request_begins();
    watched.request_ends();
    open.unsent(true);
    assert!(!watched.may_sleep(), "not sent whole");
    open.unsent(false);
    assert!(watched.may_sleep());
}

#[test]
fn who_is_to_end_does_not_stand_in_line_with_a_request_that_has_arrived() {
    let (watched, open) = Watched::open(&Arc::new(WorkerStats::default()));
    assert!(!open.stands_in_line());
    while !rounds::is_line() {
        rounds::begun();
    }
    assert!(open.stands_in_line());
    for (verdict, stands) in [(Verdict::Sleep, true), (Verdict::Last, false), (Verdict::Finish, false)] {
        watched.order(verdict);
        assert_eq!(open.stands_in_line(), stands, "{verdict:?}");
    }
    watched.order(Verdict::Sleep);
    assert!(open.stands_in_line());
    watched.set_tunnel();
    assert!(!open.stands_in_line(), "what a tunnel carries is no request");
    rounds::rest();
}

#[test]
fn head_that_does_not_end_is_cut_before_the_idle_limit() {
    let dribbling = Facts {
        requests: 7,
        head_begun: true,
        ..Facts::default()
    };
    assert_eq!(after(3, dribbling, false), Verdict::Leave);
    assert_eq!(after(4, dribbling, false), Verdict::Cut);
}

#[test]
fn long_silence_before_a_head_does_not_count_against_it() {
    let mut memory = Memory {
        requests: 1,
        ..Memory::default()
    };
    let idle = Facts {
        requests: 1,
        ..Facts::default()
    };
    for _ in 0..9 {
        let verdict = judge(&mut memory, idle, PATIENCE, false);
        assert!(matches!(verdict, Verdict::Leave | Verdict::Sleep), "{verdict:?}");
    }
    assert_eq!(
        judge(
            &mut memory,
            Facts {
                head_begun: true,
                ..idle
            },
            PATIENCE,
            false
        ),
        Verdict::Leave
    );
}

#[test]
fn slow_handler_is_never_cut_but_an_answer_not_taken_is() {
    let working = Facts {
        requests: 1,
        in_flight: 1,
        ..Facts::default()
    };
    assert_eq!(after(1000, working, false), Verdict::Leave);
    assert_eq!(after(3, Facts { owed: true, ..working }, false), Verdict::Leave);
    assert_eq!(after(4, Facts { owed: true, ..working }, false), Verdict::Cut);
}

#[test]
fn drain_asks_at_once_but_lets_a_request_on_its_way_arrive() {
    let used = Facts {
        requests: 1,
        ..Facts::default()
    };
    let busy = Facts { in_flight: 1, ..used };
    let http2 = Facts { http2: true, ..used };
    assert_eq!(after(1, busy, true), Verdict::Finish);
    assert_eq!(after(1, http2, true), Verdict::Finish);
    for quiet in [used, Facts::default()] {
        assert_eq!(after(2, quiet, true), Verdict::Last);
        assert_eq!(after(3, quiet, true), Verdict::Finish);
    }
}

#[test]
fn crumbs_of_a_body_are_left_to_add_up_and_nothing_else_is() {
    let (_watched, mut open) = Watched::open(&Arc::new(WorkerStats::default()));
    let crumbs = |open: &mut Open, many: u32| {
        (0..many).for_each(|_| open.received(b"x"));
        open.rest().map(|rest| rest.as_millis())
    };
    for byte in b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" {
        open.received(&[*byte]);
    }
    assert_eq!(open.rest(), None, "a head");
    // The byte that ended the head was the first.
    assert_eq!(crumbs(&mut open, CRUMBS - 1), None);
    for _ in 0..3 {
        let rest = crumbs(&mut open, 1).unwrap();
        assert!((250..=500).contains(&rest), "{rest}");
    }
    open.received(&[b'x'; CRUMB]);
    assert_eq!(crumbs(&mut open, CRUMBS), None, "more came at once");
    let mut tunnel = Watched::open(&Arc::new(WorkerStats::default())).1;
    tunnel.received(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(crumbs(&mut tunnel, 100), None, "a tunnel");
}
