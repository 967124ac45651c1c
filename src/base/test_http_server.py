#!/usr/bin/env python3
"""A server that answers as its path says, for test_http_client.c.

Usage: test_http_server.py CERTIFICATE KEY

Prints two free ports of 127.0.0.1 that it listens on, HTTP and HTTPS; ends when its standard input does.
"""
import gzip
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def raw(self, data):
        self.close_connection = True
        self.wfile.write(data)

    def serve(self):
        path, _, query = self.path.partition("?")
        number = int(dict(urllib.parse.parse_qsl(query)).get("n", "0"))
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else b""
        if path == "/echo":
            said = {"method": self.command, "path": self.path, "body": body.decode("latin-1"),
                    "headers": {name.lower(): value for name, value in self.headers.items()}}
            self.answer(json.dumps(said).encode(), Content_Type="application/json; charset=utf-8", ETag='"7"')
        elif path == "/status":
            self.answer(b"as asked", number)
        elif path == "/redirect":
            self.answer(b"", 302, Location="/echo")
        elif path == "/large":
            self.answer(b"x" * number)
        elif path == "/gzip":
            self.answer(gzip.compress(b"x" * number), Content_Encoding="gzip")
        elif path == "/headers":
            self.answer(b"", Content_Type="t" * number, ETag="e" * number)
        elif path == "/interim":
            self.raw(b"HTTP/1.1 103 Early Hints\r\nContent-Type: early/hint\r\nETag: \"early\"\r\n\r\n"
                     b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        elif path == "/cut":
            self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
        elif path == "/nothing":
            self.close_connection = True
        elif path == "/garbage":
            self.raw(b"\x00\xff not http\r\n\r\n")
        elif path == "/endless":  # one header line without end
            self.close_connection = True
            for _ in range(1000):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " if _ == 0 else b"x" * 4096)
        elif path == "/slow":
            time.sleep(2)
            self.answer(b"late")
        elif path == "/stream":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(number):
                piece = b"data: %d\n\n" % i
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.answer(b"no such path", 404)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


def end_with_input():
    while os.read(0, 4096):
        pass
    os._exit(0)


plain, secure = Server(("127.0.0.1", 0), Handler), Server(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=end_with_input, daemon=True).start()
threading.Thread(target=secure.serve_forever, daemon=True).start()
print(plain.server_address[1], secure.server_address[1], flush=True)
plain.serve_forever()
