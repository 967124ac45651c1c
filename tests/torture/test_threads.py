"""Data races: the whole server built with the thread sanitizer, under every kind of request from many clients at once, listeners
to the change feed among them, and stopped in the middle of it. On SQLite; on PostgreSQL two processes on one database. One
report of the sanitizer is a failure. Libraries are not built with it: support/races.supp says what that makes it see wrongly."""
import os
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from support.postgres import Postgres, binaries
from support.script import asks, once, reads, writes
from support.server import Server

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD_THREADS", os.path.join(ROOT, "build-threads"))
SECONDS = int(os.environ.get("SECONDS", 600 if os.environ.get("LONG") else 8))


def build():
    """The server with the sanitizer; it and the one for memory cannot be in one program."""
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, ROOT, "-Db_sanitize=thread", "-Db_lundef=false", "-Dbuildtype=debugoptimized",
                        "-Dtests=false"], check=True, stdout=subprocess.DEVNULL, timeout=300)
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "src/app/mandate"], check=True, stdout=subprocess.DEVNULL, timeout=1500)
    return os.path.join(BUILD, "src/app/mandate")


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.command = [build()]
        cls.environment = {"TSAN_OPTIONS": "exitcode=66 second_deadlock_stack=1 history_size=4 suppressions=" +
                                           os.path.join(ROOT, "tests/support/races.supp")}

    def serve(self, data=None, database=None):
        server = Server(data=data, database=database, command=self.command, environment=self.environment,
                        options=["--threads", "3", "--sign-in-rate", "1000000", "--lockout-after", "1000000"])
        self.addCleanup(server.remove)
        return server

    def work(self, servers, root, seed, stop, answered):
        chosen, steps = random.Random(seed), writes() + reads() + asks()
        while not stop.is_set():
            server, step = chosen.choice(servers), chosen.choice(steps)
            try:
                step.prepare(root)
            except (AssertionError, OSError):
                continue
            got = once(server.address, root.token if step.token else None, step.method, step.path, step.body, step.headers)
            if got is not None:
                answered.append(got.status)

    def listen(self, server, token, stop):
        host, port = server.address.split(":")
        while not stop.is_set():
            try:
                with socket.create_connection((host, int(port)), timeout=1) as one:
                    one.sendall(f"GET /api/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                    while one.recv(4096) and not stop.is_set():
                        if random.random() < 0.05:
                            break
            except OSError:
                pass

    def load(self, servers):
        root, stop, answered = servers[0].administrator(), threading.Event(), []
        threads = [threading.Thread(target=self.work, args=(servers, servers[0].client(root.token), n, stop, answered)) for n in range(6)]
        threads += [threading.Thread(target=self.listen, args=(servers[n % len(servers)], root.token, stop)) for n in range(3)]
        for t in threads:
            t.start()
        time.sleep(SECONDS)
        status = [server.stop() for server in servers]
        stop.set()
        for t in threads:
            t.join()
        for server, code in zip(servers, status):
            with open(os.path.join(server.data, "server.log"), errors="replace") as file:
                log = file.read()
            report = log.find("WARNING: ThreadSanitizer")
            self.assertEqual((code, report), (0, -1), log[report:] if report >= 0 else log[-3000:])
        self.assertGreater(sum(code < 400 for code in answered), 50 * SECONDS // 8)
        self.assertEqual([code for code in answered if code == 500], [])

    def test_sqlite(self):
        self.load([self.serve()])

    @unittest.skipUnless(binaries(), "PostgreSQL is not installed")
    def test_postgres(self):
        postgres = Postgres()
        self.addCleanup(postgres.remove)
        database = postgres.database("threads")
        first = self.serve(database=database)
        data = tempfile.mkdtemp(prefix="mandate-threads-")
        self.addCleanup(shutil.rmtree, data, True)
        for name in ("journal.key", "master.key"):
            shutil.copy(os.path.join(first.data, name), data)
        self.load([first, self.serve(data, database)])


if __name__ == "__main__":
    unittest.main()
