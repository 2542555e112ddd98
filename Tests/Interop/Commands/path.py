"""A way to a server that can be cut and closed, as `TroubledPath` is for tests in Swift."""

import socket
import struct
import threading


class Path:
    """Clients connect to `port`; `target` is the server's. `accepted` counts those that were let through."""

    def __init__(self, target):
        self.target, self.accepted, self.is_refusing = target, 0, False
        self.lock, self.ends = threading.Lock(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    def cut(self):
        """Ends what goes through with a reset at both ends."""
        with self.lock:
            ends, self.ends = self.ends, []
        for end in ends:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RD)  # wakes the thread that reads; the close resets
                end.close()
            except OSError:
                pass

    def _take(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = None if self.is_refusing else socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                server = None
            if not server:
                client.close()
                continue
            with self.lock:
                self.ends += [client, server]
                self.accepted += 1
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        end = socket.SHUT_WR
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            end = socket.SHUT_RDWR  # a reset of one end is one of both
        try:
            sink.shutdown(end)
        except OSError:
            pass
