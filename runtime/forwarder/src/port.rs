//! A port that is listened on.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::carry;
use crate::table::Table;

/// What a thread needs that carries bytes.
const STACK_BYTES: usize = 128 * 1024;

/// How long to wait when there is no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// A port that is listened on, until this is dropped.
pub(crate) struct OpenPort {
    port: u16,
    is_closing: Arc<AtomicBool>,
}

impl OpenPort {
    pub(crate) fn open(port: u16, table: Arc<Table>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
        let port = listener.local_addr()?.port();
        let is_closing = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_closing);
        spawn(move || listen(&listener, port, &table, &asked))?;
        Ok(Self { port, is_closing })
    }
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        self.is_closing.store(true, Ordering::Release);
        // Who listens hears of it by a last connection; where that cannot be made, nobody listens any more.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn listen(listener: &TcpListener, port: u16, table: &Table, is_closing: &AtomicBool) {
    let mut turn = 0_usize;
    loop {
        let client = match listener.accept() {
            _ if is_closing.load(Ordering::Acquire) => return,
            Ok((client, _)) => client,
            Err(error) => {
                eprintln!("port {port} takes no connection: {error}");
                thread::sleep(PAUSE);
                continue;
            }
        };
        turn = turn.wrapping_add(1);
        let mut destinations = table.now().of(port).to_vec();
        if let Some(first) = turn.checked_rem(destinations.len()) {
            destinations.rotate_left(first);
        }
        if let Err(error) = spawn(move || carry::carry(&client, &destinations)) {
            eprintln!("a connection to port {port} was dropped: {error}");
        }
    }
}

/// Runs what waits for bytes on a thread of its own.
pub(crate) fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(work).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::SocketAddr;
    use std::path::PathBuf;

    use super::*;
    use crate::routes::Routes;

    /// Somebody who says one letter to whoever comes.
    fn says(letter: u8) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                io::Write::write_all(&mut client.unwrap(), &[letter]).unwrap();
            }
        });
        address
    }

    /// A port that nobody has by now, and nobody who asks for any is given soon.
    fn free_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    }

    fn write(file: &PathBuf, port: u16, destinations: &[SocketAddr]) {
        let mut routes = Routes::default();
        destinations
            .iter()
            .for_each(|destination| routes.add(port, *destination));
        let next = file.with_extension("next");
        std::fs::write(&next, routes.to_string()).unwrap();
        std::fs::rename(&next, file).unwrap();
    }

    fn ask(port: u16) -> io::Result<String> {
        let mut said = String::new();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))?.read_to_string(&mut said)?;
        Ok(said)
    }

    #[test]
    fn connections_are_shared_follow_the_table_and_pass_over_who_does_not_answer() {
        let file = std::env::temp_dir().join(format!("coracle-port-{}", std::process::id()));
        let (port, a, b) = (free_port(), says(b'a'), says(b'b'));
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let table = Arc::new(Table::of_file(file.clone()));
        write(&file, port, &[a, b]);
        let open = OpenPort::open(port, Arc::clone(&table)).unwrap();
        let shared: Vec<String> = (0..4).map(|_| ask(port).unwrap()).collect();
        assert!(shared == ["a", "b", "a", "b"] || shared == ["b", "a", "b", "a"]);
        write(&file, port, &[nobody, b]);
        assert_eq!([(); 3].map(|()| ask(port).unwrap()), ["b"; 3]);
        write(&file, port, &[]);
        assert_eq!(ask(port).unwrap(), "");
        drop(open);
        while ask(port).is_ok() {
            thread::yield_now();
        }
        assert_eq!(
            ask(port).unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        std::fs::remove_file(&file).unwrap();
    }
}
