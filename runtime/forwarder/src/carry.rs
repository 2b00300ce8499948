//! One connection, from its client to whoever takes it.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::port::spawn;

/// How long a pod may take to answer before the next one is asked. They are on the same machine.
const DIAL_LIMIT: Duration = Duration::from_secs(1);

/// Carries a connection to the first destination that takes it, until both sides have ended. Where none does, the client
/// sees its end.
pub(crate) fn carry(client: &TcpStream, destinations: &[SocketAddr]) {
    let mut dialled = destinations
        .iter()
        .map(|destination| TcpStream::connect_timeout(destination, DIAL_LIMIT));
    let Some(pod) = dialled.find_map(Result::ok) else {
        return;
    };
    if let Err(error) = both_ways(client, &pod) {
        eprintln!("a connection was dropped: {error}");
    }
}

fn both_ways(client: &TcpStream, pod: &TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    pod.set_nodelay(true)?;
    let (from_pod, to_client) = (pod.try_clone()?, client.try_clone()?);
    spawn(move || one_way(&from_pod, &to_client))?;
    one_way(client, pod);
    Ok(())
}

/// Carries what one side says to the other, and the end of it. Where that breaks, both sides hear of it.
fn one_way(mut from: &TcpStream, mut to: &TcpStream) {
    // What breaks off is no fault of ours, and those who are cut off see it for themselves.
    let _ = match io::copy(&mut from, &mut to) {
        Ok(_) => to.shutdown(Shutdown::Write),
        Err(_) => from
            .shutdown(Shutdown::Both)
            .and(to.shutdown(Shutdown::Both)),
    };
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    /// A client whose connection is carried to a pod, both as tests hold them.
    fn carried() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let destination = listener.local_addr().unwrap();
        let (client, taken) = pair();
        thread::spawn(move || carry(&taken, &[destination]));
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn who_has_said_everything_still_hears_the_answer() {
        let (mut client, mut pod) = carried();
        let question = vec![7; 1 << 20];
        client.write_all(&question).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        pod.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, question);
        pod.write_all(b"answer").unwrap();
        drop(pod);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "answer");
    }

    #[test]
    fn a_side_that_goes_takes_the_other_along() {
        let (mut client, mut pod) = carried();
        // What was said and not heard makes the end of a client a reset.
        pod.write_all(b"unheard").unwrap();
        client.write_all(b"x").unwrap();
        pod.read_exact(&mut [0]).unwrap();
        client.peek(&mut [0]).unwrap();
        drop(client);
        assert_eq!(pod.read(&mut [0]).unwrap_or(0), 0);
    }

    #[test]
    fn nobody_to_take_it_is_the_end_of_it() {
        let (mut client, taken) = pair();
        carry(&taken, &[]);
        drop(taken);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
}
