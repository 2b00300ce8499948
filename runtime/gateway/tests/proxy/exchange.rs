//! Heads, connections that are used again, and answers that do not come.

use tokio::net::TcpListener;

use crate::support::{Front, PREFIX, Way, read_head, server, write};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn the_server_hears_what_is_for_it_and_the_client_too() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let serving = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let head = read_head(&mut connection).await;
        let answer = "HTTP/1.1 302 Found\r\nlocation: http://me/notebook/me/one/lab\r\nset-cookie: a=b; Path=/\r\nset-cookie: c=d\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=9\r\ncontent-length: 0\r\n\r\n";
        write(&mut connection, answer).await;
        head
    };
    let asking = front.say(
        "GET /notebook/me/one/api?a=%20b HTTP/1.1\r\nHost: me:1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Root: client\r\nCookie: x=y\r\n\r\n",
    );
    let (head, answer) = tokio::join!(serving, asking);
    let mut lines: Vec<_> = head.trim_end().split("\r\n").collect();
    lines[1..].sort_unstable();
    let expected = [
        "GET /api?a=%20b HTTP/1.1",
        "cookie: x=y",
        "host: me:1",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: me:1",
        "x-forwarded-prefix: /notebook/me/one",
        "x-forwarded-proto: http",
        "x-root: set",
    ];
    assert_eq!(lines, expected);
    for line in [
        "HTTP/1.1 302 Found",
        "location: http://me/notebook/me/one/lab",
        "set-cookie: a=b; Path=/",
        "set-cookie: c=d",
    ] {
        assert!(answer.contains(&format!("{line}\r\n")), "{answer}");
    }
    assert!(
        !answer.contains("x-hop") && !answer.contains("timeout"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_connection_is_used_again_until_it_is_forgotten() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let serving = async {
        let (mut first, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            read_head(&mut first).await;
            write(&mut first, OK).await;
        }
        let (mut second, _) = listener.accept().await.unwrap();
        read_head(&mut second).await;
        write(&mut second, OK).await;
    };
    let asking = async {
        for _ in 0..3 {
            assert!(front.get("a").await.ends_with("ok"));
        }
        front.proxy.forget(&front.upstream);
        assert!(front.get("a").await.ends_with("ok"));
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn a_connection_that_turns_out_dead_is_replaced_once() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let serving = async {
        let (mut first, _) = listener.accept().await.unwrap();
        read_head(&mut first).await;
        write(&mut first, OK).await;
        // It reads the next request, and goes away.
        read_head(&mut first).await;
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        read_head(&mut second).await;
        write(&mut second, OK).await;
        // What changes something might have been done already.
        read_head(&mut second).await;
        drop(second);
    };
    let asking = async {
        assert!(front.get("a").await.ends_with("ok"));
        assert!(front.get("a").await.ends_with("ok"));
        let head = format!(
            "POST {PREFIX} HTTP/1.1\r\nhost: me\r\nconnection: close\r\ncontent-length: 1\r\n\r\n1"
        );
        let answer = front.say(&head).await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_used() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let serving = async {
        for _ in 0..2 {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_head(&mut connection).await;
            write(&mut connection, OK).await;
        }
    };
    let asking = async {
        assert!(front.get("a").await.ends_with("ok"));
        let head = format!(
            "POST {PREFIX} HTTP/1.1\r\nhost: me\r\nconnection: close\r\ncontent-length: 1\r\n\r\n1"
        );
        assert!(front.say(&head).await.ends_with("ok"));
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn an_answer_without_a_body_says_how_long_it_would_be() {
    let (listener, way) = server().await;
    let front = Front::before(way).await;
    let serving = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n",
        ] {
            read_head(&mut connection).await;
            write(&mut connection, answer).await;
        }
    };
    let asking = async {
        let head = format!("HEAD {PREFIX} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n");
        let answer = front.say(&head).await;
        assert!(answer.contains("content-length: 1000\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        let answer = front.get("").await;
        assert!(answer.starts_with("HTTP/1.1 304 "), "{answer}");
        assert!(answer.contains("etag: \"a\"\r\n"), "{answer}");
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn what_is_not_answered_is_told_by_its_status() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let refused = Front::before(Way::To(address)).await.get("").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.ends_with("failed to connect to `one`"), "{refused}");

    let late = Front::before(Way::Nowhere).await.get("").await;
    assert!(late.starts_with("HTTP/1.1 504 "), "{late}");

    for answer in [
        "",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    ] {
        let (listener, way) = server().await;
        let front = Front::before(way).await;
        let serving = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_head(&mut connection).await;
            write(&mut connection, answer).await;
        };
        let (wrong, ()) = tokio::join!(front.get(""), serving);
        assert!(wrong.starts_with("HTTP/1.1 502 "), "{answer}: {wrong}");
    }
}
