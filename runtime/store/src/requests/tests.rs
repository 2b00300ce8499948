use std::time::Duration;

use coracle_model::Timestamp;

use super::*;

fn exchange(server: &str, second: i64, body: &str) -> Exchange {
    Exchange {
        id: format!("{server}-{second}"),
        namespace: "team".to_owned(),
        server: server.to_owned(),
        revision: "iris-predictor".to_owned(),
        at: Timestamp::from_second(second).unwrap(),
        took: Duration::from_micros(1500),
        method: "POST".to_owned(),
        path: format!("/v1/models/{server}:predict"),
        code: 200,
        request: Message {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            size: body.len() as u64,
            body: Some(body.as_bytes().to_vec()),
        },
        answer: Message {
            headers: Vec::new(),
            size: 1 << 20,
            body: None,
        },
    }
}

fn log(folder: &tempfile::TempDir) -> RequestLog {
    RequestLog::open(&folder.path().join("requests.db"), Room::default()).unwrap()
}

fn numbers(log: &RequestLog, filter: &ExchangeFilter) -> Vec<i64> {
    let found = log.list("team", "iris", filter, 10).unwrap();
    found.iter().map(|kept| kept.number).collect()
}

#[test]
fn what_was_kept_is_read_back_also_by_the_next_who_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let said = exchange("iris", 1, "[[1, 2]]");
    let log_before = log(&folder);
    log_before.keep(said.clone());
    let kept = KeptExchange {
        number: 1,
        exchange: said,
        is_whole: false,
    };
    assert_eq!(
        log_before.get("team", "iris", 1).unwrap(),
        Some(kept.clone())
    );
    drop(log_before);
    let log = log(&folder);
    let whole = log.list_whole("team", "iris", &ExchangeFilter::default(), 10);
    assert_eq!(whole.unwrap(), [kept]);
    let heads = log
        .list("team", "iris", &ExchangeFilter::default(), 10)
        .unwrap();
    assert_eq!(
        (
            heads[0].exchange.request.size,
            &heads[0].exchange.request.body
        ),
        (8, &None)
    );
    // Nobody reads it as another server's.
    assert_eq!(log.get("team", "digits", 1).unwrap(), None);
}

#[test]
fn a_filter_means_what_fits_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder);
    log.keep(exchange("iris", 1, "[[\"Setosa\"]]"));
    let mut failed = exchange("iris", 2, "[[\"virginica\"]]");
    failed.code = 503;
    failed.took = Duration::from_secs(2);
    failed.revision = "iris-predictor-canary".to_owned();
    log.keep(failed);
    log.keep(exchange("digits", 3, "[[\"setosa\"]]"));
    let filter = ExchangeFilter::default;
    let text = |text: &str| ExchangeFilter {
        text: Some(text.to_owned()),
        ..filter()
    };
    assert_eq!(numbers(&log, &filter()), [2, 1]);
    assert_eq!(numbers(&log, &text("sEtosa")), [1]);
    assert_eq!(numbers(&log, &text("IRIS-2")), [2]);
    assert_eq!(numbers(&log, &text("%")), [0; 0]);
    let canary = Some("iris-predictor-canary".to_owned());
    let cases = [
        (
            ExchangeFilter {
                least_code: Some(400),
                ..filter()
            },
            2,
        ),
        (
            ExchangeFilter {
                most_code: Some(399),
                ..filter()
            },
            1,
        ),
        (
            ExchangeFilter {
                revision: canary,
                ..filter()
            },
            2,
        ),
        (
            ExchangeFilter {
                least_took: Some(Duration::from_secs(1)),
                ..filter()
            },
            2,
        ),
        (
            ExchangeFilter {
                since: Timestamp::from_second(2).ok(),
                ..filter()
            },
            2,
        ),
        (
            ExchangeFilter {
                before: Some(2),
                ..filter()
            },
            1,
        ),
        (
            ExchangeFilter {
                after: Some(1),
                ..filter()
            },
            2,
        ),
    ];
    for (filter, number) in cases {
        assert_eq!(numbers(&log, &filter), [number], "{filter:?}");
    }
    let both = ExchangeFilter {
        least_code: Some(400),
        ..text("setosa")
    };
    assert_eq!(numbers(&log, &both), [0; 0]);
}

#[test]
fn the_oldest_go_where_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.db");
    let room = Room {
        of_server: 100_000,
        of_all: 150_000,
    };
    let body = "x".repeat(1000);
    {
        let log = RequestLog::open(&path, room).unwrap();
        for second in 0..400 {
            log.keep(exchange("iris", second, &body));
        }
        log.keep(exchange("digits", 1, &body));
        let left = log
            .list("team", "iris", &ExchangeFilter::default(), 1000)
            .unwrap();
        assert!((50..=90).contains(&left.len()), "{}", left.len());
        assert_eq!(left[0].number, 400);
        assert!(log.get("team", "digits", 401).unwrap().is_some());
    }
    // What there was is known of after a start.
    let log = RequestLog::open(&path, room).unwrap();
    for second in 0..400 {
        log.keep(exchange("digits", second, &body));
    }
    let all = ["iris", "digits"].map(|server| {
        let found = log.list_whole("team", server, &ExchangeFilter::default(), 1000);
        let sizes = found
            .unwrap()
            .into_iter()
            .map(|kept| kept.exchange.kept() as u64);
        sizes.sum::<u64>()
    });
    assert!(all[0] + all[1] <= room.of_all, "{all:?}");
    let file = fs_err::metadata(&path).unwrap().len();
    assert!(file < 3 * room.of_all, "{file}");
}

#[test]
fn of_more_than_so_many_a_second_the_rest_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder);
    for _ in 0..600 {
        log.keep(exchange("iris", 1, ""));
    }
    log.keep(exchange("iris", 2, ""));
    log.keep(exchange("digits", 1, ""));
    let kept = |server| {
        log.list("team", server, &ExchangeFilter::default(), 1000)
            .unwrap()
            .len()
    };
    assert_eq!((kept("iris"), kept("digits"), log.unkept()), (501, 1, 100));
}

#[test]
fn those_of_two_seconds_that_take_turns_are_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder);
    for number in 0..1200 {
        let mut said = exchange("iris", 1, "");
        // They began in three seconds, and all end in the fourth.
        said.at = Timestamp::from_second(1 + number % 3).unwrap();
        said.took = Duration::from_secs(3 - number.unsigned_abs() % 3);
        log.keep(said);
    }
    let kept = log.list("team", "iris", &ExchangeFilter::default(), 2000);
    assert_eq!((kept.unwrap().len(), log.unkept()), (500, 700));
}

#[test]
fn one_that_only_reads_leaves_it_to_who_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.db");
    assert!(RequestLog::open_to_read(&path).is_err());
    let writes = log(&folder);
    writes.keep(exchange("iris", 1, ""));
    assert_eq!(numbers(&writes, &ExchangeFilter::default()), [1]);
    let reads = RequestLog::open_to_read(&path).unwrap();
    assert_eq!(numbers(&reads, &ExchangeFilter::default()), [1]);
    reads.keep(exchange("iris", 2, ""));
    assert!(reads.clear("team", "iris").is_err());
    assert_eq!(numbers(&writes, &ExchangeFilter::default()), [1]);
    writes.keep(exchange("iris", 3, ""));
    assert_eq!(numbers(&writes, &ExchangeFilter::default()), [2, 1]);
    assert_eq!(numbers(&reads, &ExchangeFilter::default()), [2, 1]);
}

#[test]
fn what_was_forgotten_is_gone_and_its_numbers_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder);
    log.keep(exchange("iris", 1, ""));
    log.keep(exchange("digits", 2, ""));
    assert_eq!(log.clear("team", "iris").unwrap(), 1);
    assert_eq!(numbers(&log, &ExchangeFilter::default()), [0; 0]);
    log.keep(exchange("iris", 3, ""));
    assert_eq!(numbers(&log, &ExchangeFilter::default()), [3]);
    assert!(log.get("team", "digits", 2).unwrap().is_some());
}

#[test]
fn a_file_that_cannot_be_read_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.db");
    fs_err::write(&path, "no database, for sure".repeat(100)).unwrap();
    let log = log(&folder);
    log.keep(exchange("iris", 1, ""));
    assert_eq!(numbers(&log, &ExchangeFilter::default()), [1]);
    assert!(folder.path().join("requests.db.unread").exists());
    drop(log);
    // So is one of a later version; whoever only reads leaves it where it is.
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 7).unwrap();
    drop(later);
    assert!(RequestLog::open_to_read(&path).is_err());
    assert!(path.exists());
    let log = RequestLog::open(&path, Room::default()).unwrap();
    assert_eq!(numbers(&log, &ExchangeFilter::default()), [0; 0]);
}
