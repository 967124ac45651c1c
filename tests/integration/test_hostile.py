"""Clients that mean harm, on bare sockets against the real server: heads that two programs would read differently, clients that
are too slow on purpose, crowds of connections, bodies and listeners. It answers clearly or closes, keeps its memory within
bounds, and serves an honest client all the while."""
import os
import socket
import struct
import threading
import time
import unittest

from support.server import Client, Server

CLOSED = 0 # the server ended the connection without an answer


class Hostile(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        # the sanitizer would keep what was freed for a while, and memory is measured here
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
        cls.server = Server(options=["--idle-timeout", "1 second", *cls.options], environment={"ASAN_OPTIONS": sanitizer})
        cls.root = cls.server.administrator()
        cls.host, port = cls.server.address.split(":")
        cls.port = int(port)

    @classmethod
    def tearDownClass(cls):
        status, errors = cls.server.stop(), cls.server.errors()
        cls.server.remove()
        assert status == 0, errors

    def connect(self, source=None):
        one = socket.socket()
        self.addCleanup(one.close)
        if source:
            one.bind((source, 0))
        one.settimeout(30)
        one.connect((self.host, self.port))
        return one

    def honest(self):
        """One who waited for his turn is served."""
        self.assertEqual(Client(self.server.address).get("/health/ready").status, 200)

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/status") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS"))

    def until_closed(self, one, seconds):
        """What came until the server closed; it must, within so many seconds."""
        end, got = time.time() + seconds, b""
        while True:
            one.settimeout(max(0.05, end - time.time()))
            try:
                piece = one.recv(1 << 16)
            except ConnectionError:
                return got
            except socket.timeout:
                self.fail(f"still open after {seconds} seconds")
            if not piece:
                return got
            got += piece


class Shapes(Hostile):
    """Every shape is answered with a status it may have, or closed; what hides behind it is never taken for a request."""
    options = ("--max-body", "64 KiB")
    hidden = b"GET /api/entity HTTP/1.1\r\nHost: hidden\r\n\r\n"

    def shapes(self):
        token = f"Authorization: Bearer {self.root.token}\r\n".encode()
        make = b"POST /api/tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + token
        get = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
        body = b'{"name":"never"}'
        length = b"Content-Length: %d\r\n" % len(body)
        chunked = b"Transfer-Encoding: chunked\r\n"
        whole = b"10\r\n" + body + b"\r\n0\r\n\r\n"
        yield "two equal lengths", make + length + length + b"\r\n" + body, {400}
        yield "two lengths that differ", make + length + b"Content-Length: 60\r\n\r\n" + body + self.hidden, {400}
        yield "length and chunks", make + b"Content-Length: 5\r\n" + chunked + b"\r\n0\r\n\r\n" + self.hidden, {400}
        yield "chunks and length", make + chunked + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + self.hidden, {400}
        yield "chunks named twice", make + chunked + chunked + b"\r\n" + whole, {400}
        yield "another coding", make + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + whole, {400}
        yield "nearly chunked", make + b"Transfer-Encoding: xchunked\r\n\r\n" + whole, {400}
        yield "a negative chunk", make + chunked + b"\r\n-1\r\n" + body + b"\r\n0\r\n\r\n", {400}
        yield "a chunk past 64 bits", make + chunked + b"\r\n" + b"f" * 30 + b"\r\n" + body, {400, 413}
        yield "a chunk of 64 bits", make + chunked + b"\r\nffffffffffffffff\r\n" + body, {413, CLOSED}
        yield "a length below 0", make + b"Content-Length: -5\r\n\r\n" + body, {400}
        yield "a length with a sign", make + b"Content-Length: +16\r\n\r\n" + body, {400}
        yield "a length in hexadecimal", make + b"Content-Length: 0x10\r\n\r\n" + body, {400}
        yield "a length past 64 bits", make + b"Content-Length: 99999999999999999999999\r\n\r\n" + body, {413}
        yield "a length that is too much", make + b"Content-Length: 900000\r\n\r\n" + body, {413}
        yield "a coded body", make + b"Content-Encoding: gzip\r\n" + length + b"\r\n" + body, {415}
        yield "a body of no type", b"GET /api/tag HTTP/1.1\r\nHost: x\r\n" + token + b"Content-Length: 5\r\n\r\nhello", {415}
        yield "a folded header", get + b"X-A: b\r\n c: d\r\n\r\n", {400}
        yield "a space before the colon", b"GET /health/live HTTP/1.1\r\nHost : x\r\n\r\n", {400}
        yield "no host", b"GET /health/live HTTP/1.1\r\n\r\n", {400}
        yield "two hosts", get + b"Host: y\r\n\r\n", {400}
        yield "no version", b"GET /health/live\r\n\r\n", {400}
        yield "version 2", b"GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n", {505}
        yield "the start of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}
        yield "the start of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500), {400, CLOSED}
        yield "noise", os.urandom(3000), {400, 414, 431, CLOSED}
        yield "a method with a NUL", b"G\x00T /health/live HTTP/1.1\r\nHost: x\r\n\r\n", {400, 405}
        yield "another method", b"TRACE /health/live HTTP/1.1\r\nHost: x\r\n\r\n", {405}
        yield "a tunnel", b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", {404}
        yield "up and out", b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {404}
        yield "up and out, encoded", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {404}
        yield "up and out, overlong", b"GET /%c0%ae%c0%ae/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {400}
        yield "a NUL in the path", b"GET /index.html%00.js HTTP/1.1\r\nHost: x\r\n\r\n", {400}
        yield "a NUL in a parameter", b"GET /api/tag?name=eq.a%00b HTTP/1.1\r\nHost: x\r\n" + token + b"\r\n", {400}
        yield "bad UTF-8 in a parameter", b"GET /api/tag?name=eq.%c3%28 HTTP/1.1\r\nHost: x\r\n" + token + b"\r\n", {400}
        yield "a header in a parameter", b"GET /api/tag?x=%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: x\r\n" + token + b"\r\n", {422}
        yield "a long address", b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414}
        yield "a long header", get + b"X: " + b"a" * 70000 + b"\r\n\r\n", {431}
        yield "many headers", get + b"X: a\r\n" * 20000 + b"\r\n", {431}
        yield "many parameters", b"GET /api/tag?" + b"&".join(b"a%d=1" % n for n in range(1500)) + b" HTTP/1.1\r\nHost: x\r\n\r\n", {431, 414, CLOSED}
        yield "many parameters that fit", b"GET /api/tag?" + b"&a=1" * 130 + b" HTTP/1.1\r\nHost: x\r\n" + token + b"\r\n", {400}
        yield "deep JSON", make + b"Content-Length: 60000\r\n\r\n" + b'{"name":' * 1 + b"[" * 59992, {400, 413, 422}
        yield "a huge number", make + b"Content-Length: 50000\r\n\r\n" + b'{"name":' + b"9" * 49991 + b"}", {400, 422}
        yield "no JSON at all", make + b"Content-Length: 16\r\n\r\n" + os.urandom(16), {400}

    def statuses(self, got):
        return [int(piece[:3]) for piece in got.split(b"HTTP/1.1 ")[1:]]

    def test_shapes(self):
        for name, sent, good in self.shapes():
            with self.subTest(name):
                one = self.connect()
                try:
                    one.sendall(sent)
                except ConnectionError:
                    pass
                got = self.until_closed(one, 8)
                statuses = set(self.statuses(got)) or {CLOSED}
                self.assertTrue(statuses <= good, (statuses, got[:600]))
                self.assertNotIn(b"X-Evil", got.split(b"\r\n\r\n")[0])
                self.honest()
        self.assertEqual(self.root.get("/api/tag/count").json["count"], 0)

    def test_absolute_address(self):
        one = self.connect()
        one.sendall(b"GET http://somewhere.example/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(self.statuses(self.until_closed(one, 8)), [200])

    def test_pipelining(self):
        """Answered in their order, each whole."""
        one = self.connect()
        one.sendall(b"".join(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"health/live", b"api/nothing")[n % 2] for n in range(400)))
        self.assertEqual(self.statuses(self.until_closed(one, 8)), [200, 404] * 200)

    def test_half_closed(self):
        """Who has said everything may close his side and still hears the answer."""
        one = self.connect()
        one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        one.shutdown(socket.SHUT_WR)
        self.assertIn(self.statuses(self.until_closed(one, 8)), ([200], []))
        self.honest()


class Slow(Hostile):
    """Who sends just enough not to be idle is cut off too."""

    def drip(self, one, sent, pause=0.2):
        def send():
            try:
                for byte in sent:
                    one.sendall(bytes([byte]))
                    time.sleep(pause)
            except OSError:
                pass
        threading.Thread(target=send, daemon=True).start()

    def test_head(self):
        some = [self.connect() for _ in range(20)]
        for one in some:
            self.drip(one, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1000)
        self.honest()
        for one in some:
            self.assertNotIn(b" 200 ", self.until_closed(one, 10))

    def test_body(self):
        some = [self.connect() for _ in range(20)]
        for n, one in enumerate(some):
            one.sendall(b"POST /api/tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
                        (b"Content-Length: 1000\r\n\r\n" if n % 2 else b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n"))
            self.drip(one, b"{" * 1000)
        self.honest()
        for one in some:
            self.assertNotIn(b" 201 ", self.until_closed(one, 10))

    def test_a_slow_link_is_served(self):
        """Slow is not hostile: a body at some KiB a second arrives, however long it takes."""
        one = self.connect()
        body = b'{"title":"slow","summary":"' + b"x" * 3900 + b'"}'
        one.sendall(b"POST /api/document HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
                    f"Authorization: Bearer {self.root.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for place in range(0, len(body), 200):
            one.sendall(body[place:place + 200])
            time.sleep(0.1)
        self.assertRegex(self.until_closed(one, 10)[:12], rb"HTTP/1.1 201")

    def test_answers_nobody_reads(self):
        some = [self.connect() for _ in range(8)]
        for one in some:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 60)
        before, end = self.memory(), time.time() + 15
        while time.time() < end and self.open_connections() > 3:
            time.sleep(0.2)
        self.assertLessEqual(self.open_connections(), 3, "answers that nobody reads keep their connections")
        self.assertLess(self.memory() - before, 64 << 20)
        self.honest()

    def open_connections(self):
        """Those that ask are among them, until they are idle."""
        text = Client(self.server.address, self.root.token).get("/metrics").body.decode()
        return next(int(float(line.split()[-1])) for line in text.splitlines() if line.startswith("mandate_http_connections"))


class Crowds(Hostile):
    """Many at once: what one address may take is bounded, what each costs is little, and all end."""
    options = ("--max-connections", "2400", "--max-connections-per-address", "400", "--max-body", "1 MiB", "--max-held", "8 MiB")

    def test_one_address(self):
        """The others are served, whatever one address does."""
        some = [self.connect("127.0.0.9") for _ in range(600)]
        self.honest()
        refused = 0
        for one in some:
            one.settimeout(0.01)
            try:
                refused += one.recv(1) == b""
            except socket.timeout:
                pass
            except ConnectionError:
                refused += 1
        self.assertGreaterEqual(refused, 200)
        for one in some:
            one.close()

    def test_many_addresses(self):
        before, some = self.memory(), []
        for n in range(2000):
            one = self.connect(f"127.0.1.{n // 300 + 1}")
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (n % 900))
            some.append(one)
        self.honest()
        self.assertLess(self.memory() - before, 2000 * (128 << 10))
        for one in some:
            self.until_closed(one, 20)
        self.honest()

    def test_bodies(self):
        """Bodies that never end take no more memory together than they may; who comes meanwhile is told to come again."""
        some, before = [self.connect() for _ in range(40)], self.memory()
        head = b"POST /api/tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
        for one in some:
            one.sendall(head + b"x" * 900000)
        told = Client(self.server.address).get("/health/ready")
        self.assertIn(told.status, (200, 503))
        self.assertLess(self.memory() - before, 40 << 20)
        for one in some[:20]:
            one.sendall(b"x" * 100000)
        statuses = {self.until_closed(one, 20)[9:12] for one in some[:20]}
        self.assertIn(b"503", statuses)
        self.assertLessEqual(statuses, {b"503", b"400", b"401"})
        for one in some:
            one.close()
        end = time.time() + 10
        while Client(self.server.address).get("/health/ready").status != 200:
            self.assertLess(time.time(), end, "what was held is never given back")
            time.sleep(0.1)

    def test_listeners(self):
        """Feeds that nobody reads, while there is much to tell."""
        head = f"GET /api/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.root.token}\r\nAccept: text/event-stream\r\n\r\n".encode()
        some = [self.connect(f"127.0.2.{n // 300 + 1}") for n in range(900)]
        for one in some:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(head)
        before = self.memory()
        for n in range(300):
            self.assertEqual(self.root.post("/api/document", {"title": f"heard {n}", "summary": "x" * 900}).status, 201)
        self.assertLess(self.memory() - before, 900 * (192 << 10))
        some[0].settimeout(10)
        self.assertIn(b"text/event-stream", some[0].recv(4096))
        for one in some: # reset rather than closed in order
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        self.honest()


if __name__ == "__main__":
    unittest.main()
