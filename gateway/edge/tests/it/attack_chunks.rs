//! Bodies in crooked chunks, against the origin of `attack_corpus`.

use crate::attack_corpus::{SMUGGLED, against, post};

/// Bodies in chunks that are not what they say. The head is fine, so it may reach the origin; what follows must not.
fn bad_chunks() -> Vec<String> {
    let sizes = [
        "x",
        "-1",
        "+5",
        "0x5",
        "5 ",
        " 5",
        "5\t",
        "",
        ";",
        ";a=b",
        "5;a\nb",
        "5\n",
        "5\r",
        "00000000000000005",
        "fffffffffffffffff",
        "ffffffffffffffff",
        "5,5",
        "5.0",
        "5\0",
        "5\x0b",
        "g",
        "\u{ff15}",
        "5\r\n",
        "0 0",
        "0x0",
    ];
    let mut cases: Vec<String> = sizes
        .iter()
        .map(|size| {
            post(
                "Transfer-Encoding: chunked",
                &format!("{size}\r\nhello\r\n0\r\n\r\n{SMUGGLED}"),
            )
        })
        .collect();
    for body in [
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "6\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
        "5\r\nhello\r\n0\r\nX\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded\r\n\r\n",
    ] {
        cases.push(post("Transfer-Encoding: chunked", &format!("{body}{SMUGGLED}")));
    }
    cases
}

#[tokio::test]
async fn a_body_in_bad_chunks_hides_no_second_request() {
    let mut wrong = Vec::new();
    let judged = std::cell::RefCell::new(&mut wrong);
    let late = against(&bad_chunks(), |case, answer, seen| {
        let smuggled = seen.iter().any(|head| head.contains("smuggled"));
        // A chunk that says less than it holds may end the answer early, but never make two answers of it.
        if smuggled || answer.matches("HTTP/1.1 200").count() > 1 {
            judged
                .borrow_mut()
                .push(format!("{case:?}\n  was answered {answer:?}\n  reached {seen:?}"));
        }
    })
    .await;
    // A head is fine up to its bad body, and the origin may note it late; what the body hides it never sees.
    assert!(
        late.iter()
            .all(|head| head.starts_with("POST ") && !head.contains("smuggled")),
        "{late:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
