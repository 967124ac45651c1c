"""The wire: TLS, compression, ceilings, clients that are slow or rude. curl and openssl are the counterparts."""
import gzip
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from support.server import Client, Server


class Transport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(options=["--max-body", "1 MiB", "--idle-timeout", "2 seconds"])
        cls.root = cls.server.administrator()

    @classmethod
    def tearDownClass(cls):
        status, errors = cls.server.stop(), cls.server.errors()
        cls.server.remove()
        assert status == 0, errors

    def test_compression(self):
        plain = self.root.get("/openapi.json")
        packed = self.root.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertLess(len(packed.body) * 5, len(plain.body))
        self.assertIsNone(self.root.get("/openapi.json", headers={"Accept-Encoding": "gzip;q=0, br"}).headers["Content-Encoding"])

    def test_too_large(self):
        got = self.root.post("/api/tag", raw=b'{"name":"' + b"x" * (2 << 20) + b'"}')
        self.assertEqual(got.status, 413, got.body)
        self.assertEqual(self.root.post("/api/tag", {"name": "still here"}).status, 201)

    def test_slow_and_rude_clients(self):
        host, port = self.server.address.split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(50)]
        for n, one in enumerate(idle):
            one.sendall([b"GET / HTTP/1.1\r\nHost: x", b"\x00\xff\x16\x03", b"POST /api/tag HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n{"][n % 3])
        self.assertEqual(self.root.get("/health/ready").status, 200)
        end = time.time() + 15
        closed = 0
        for one in idle:
            one.settimeout(max(0.1, end - time.time()))
            try:
                while one.recv(4096):
                    pass
                closed += 1
            except ConnectionResetError:
                closed += 1
            except socket.timeout:
                pass
            one.close()
        self.assertEqual(closed, len(idle), "connections that say nothing stay open")

    def test_tls(self):
        if not shutil.which("openssl") or not shutil.which("curl"):
            self.skipTest("openssl or curl is not there")
        folder = tempfile.mkdtemp(prefix="mandate-tls-")
        self.addCleanup(shutil.rmtree, folder, True)
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
        server = Server(options=["--tls-certificate", certificate, "--tls-key", key])
        self.addCleanup(server.remove)

        def curl(*arguments):
            return subprocess.run(["curl", "-s", "-i", "--cacert", certificate, *arguments], stdout=subprocess.PIPE, text=True).stdout
        self.assertIn("ready", curl(f"https://{server.address}/health/ready"))
        link = server.first_link()
        got = curl("-H", "Content-Type: application/json", "-d", '{"link":"%s"}' % link, f"https://{server.address}/api/session/link")
        self.assertIn("__Host-mandate=", got)
        self.assertIn("Secure", got)
        self.assertIn("Strict-Transport-Security", got)
        self.assertEqual(curl("--tls-max", "1.1", f"https://{server.address}/health/ready"), "")
        self.assertEqual(server.stop(), 0, server.errors())


if __name__ == "__main__":
    unittest.main()
