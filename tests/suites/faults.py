"""What stands between the command and a server and does it harm, on loopback."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def listening(serve):
    """A listener that hands each connection to `serve`; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    held = []

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        # A thread that waits in accept is woken by this, and not by close alone.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in held:
            connection.close()


def silent():
    """A server that takes connections and never says a word."""
    return listening(lambda connection: None)


def plain(answer):
    """A server that says the same to everybody, without TLS."""

    def serve(connection):
        with contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(answer)
            connection.close()

    return listening(serve)


def relay(one, other):
    """Copies until either side ends."""
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for side in (one, other):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def tunnel(asked):
    """An HTTP proxy that opens tunnels, and notes to where."""

    def serve(connection):
        with contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            target = head.split(b" ")[1].decode()
            asked.append(target)
            host, port = target.rsplit(":", 1)
            server = socket.create_connection((host, int(port)))
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=relay, args=(server, connection), daemon=True).start()
            relay(connection, server)

    return listening(serve)


def socks(asked):
    """A SOCKS5 proxy without passwords, which notes to where it connects."""

    def exactly(connection, count):
        data = b""
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise OSError("the other side has gone")
            data += more
        return data

    def serve(connection):
        with contextlib.suppress(OSError):
            _, methods = exactly(connection, 2)
            exactly(connection, methods)
            connection.sendall(b"\x05\x00")
            _, _, _, kind = exactly(connection, 4)
            host = socket.inet_ntoa(exactly(connection, 4)) if kind == 1 else exactly(connection, exactly(connection, 1)[0]).decode()
            port = int.from_bytes(exactly(connection, 2))
            asked.append(f"{host}:{port}")
            server = socket.create_connection((host, port))
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            threading.Thread(target=relay, args=(server, connection), daemon=True).start()
            relay(connection, server)

    return listening(serve)
