"""An HTTP/2 server over TLS, on loopback, that does what it is told.

  http2_server.py CERTIFICATE_AND_KEY

Prints its port, then a line for each thing that happens: "connection", "request". Takes one command a
line on standard input and prints "done" when it holds:

  answer    every request gets 200 and MT-1 (from the start)
  hold      requests are read, and answered by the next "answer"
  silence   the connections that stand do nothing any more; new ones are as good as before
  refuse    every stream is refused (REFUSED_STREAM)
  reset     every stream is reset (INTERNAL_ERROR)
  goaway    a connection ends in good order after its next answer (GOAWAY)
  cut       a connection is closed on its next request
  count     changes nothing: what happened so far has been told

It ends with its standard input.
"""

import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

lock = threading.Lock()
mode = 'answer'
connections = []


def tell(line):
    sys.stdout.write(line + '\n')
    sys.stdout.flush()


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.held = []
        self.is_silent = False

    def flush(self):
        self.stream.sendall(self.h2.data_to_send())

    def answer(self, stream_id):
        try:
            self.h2.send_headers(stream_id, [(':status', '200'), ('content-length', '4')])
            self.h2.send_data(stream_id, b'MT-1', end_stream=True)
        except h2.exceptions.ProtocolError:  # the client has given it up
            pass

    def take_request(self, stream_id):
        tell('request')
        if mode in ('answer', 'goaway'):
            self.answer(stream_id)
            if mode == 'goaway':
                self.h2.close_connection()
        elif mode == 'hold':
            self.held.append(stream_id)
        elif mode == 'cut':
            self.stream.unwrap().close()
        else:
            code = {'refuse': h2.errors.ErrorCodes.REFUSED_STREAM,
                    'reset': h2.errors.ErrorCodes.INTERNAL_ERROR}[mode]
            self.h2.reset_stream(stream_id, code)

    def serve(self):
        with lock:
            tell('connection')
            self.h2.initiate_connection()
            self.flush()
        while True:
            data = self.stream.recv(65536)
            if not data:
                return
            with lock:
                if self.is_silent:
                    continue
                for event in self.h2.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.take_request(event.stream_id)
                self.flush()

    def run(self):
        try:
            self.serve()
        except (OSError, ValueError):  # the client is gone
            pass


def accept(listener, context):
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def serve(client=client):
            try:
                connection = Connection(context.wrap_socket(client, server_side=True))
            except OSError:
                return
            connections.append(connection)
            connection.run()

        threading.Thread(target=serve, daemon=True).start()


def obey(command):
    global mode
    with lock:
        if command == 'silence':
            for connection in connections:
                connection.is_silent = True
        elif command != 'count':
            mode = command
        if command == 'answer':
            for connection in connections:
                for stream_id in connection.held:
                    connection.answer(stream_id)
                connection.held = []
                try:
                    connection.flush()
                except OSError:  # the client is gone
                    pass
        tell('done')


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    context.set_alpn_protocols(['h2'])
    listener = socket.create_server(('127.0.0.1', 0), backlog=128)
    tell(str(listener.getsockname()[1]))
    threading.Thread(target=accept, args=(listener, context), daemon=True).start()
    for line in sys.stdin:
        obey(line.strip())


main()
