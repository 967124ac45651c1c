"""What must not break: kill -9 at random moments, a full disk, a database that restarts, erasing for good, restored backups."""
import contextlib
import http.client
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from support.postgres import Postgres, binaries
from support.script import SignIn, once, writes
from support.server import Client, Server, mandate, wait_for
from support.shim import Shim

LONG = bool(os.environ.get("LONG"))
KILLS = int(os.environ.get("KILLS", 10000 if LONG else 50))
RESTARTS = int(os.environ.get("RESTARTS", 300 if LONG else 4))


class Load:
    """Clients in threads that do every kind of write, each step once, until they are told to stop or cut off. Of each step it
    is known whether it was acknowledged; what was under way when the end came may stand or not, but whole."""

    def __init__(self, addresses, token, threads=4):
        self.addresses, self.token, self.done, self.under_way, self.refused = addresses, token, [], [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(addresses[n % len(addresses)], n), daemon=True) for n in range(threads)]
        for t in self.threads:
            t.start()

    def work(self, address, seed):
        root, chosen = Client(address, self.token), random.Random(random.random() + seed)
        while not self.stop.is_set():
            step = chosen.choice([s for s in writes() if not isinstance(s, SignIn)])
            try:
                step.prepare(root)
            except (OSError, http.client.HTTPException, AssertionError):
                if self.stop.wait(0.02):
                    return
                continue
            got = once(address, self.token, step.method, step.path, step.body, step.headers)
            (self.under_way if got is None else self.done if got.status in step.good else self.refused).append(step)

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()

    def check(self, test, root):
        """Every acknowledged step stands, and none stands by half."""
        for step in self.done:
            test.assertIsNot(step.stands(root), False, ("acknowledged and lost", type(step).__name__, step.path, step.body))
        for step in self.under_way:
            step.stands(root)
        return len(self.done)


class Killing(unittest.TestCase):
    """Every change that was answered is there after kill -9, the journal and the records verify, nothing is half-written."""

    def test_kill(self):
        data = tempfile.mkdtemp(prefix="mandate-kill-")
        self.addCleanup(shutil.rmtree, data, True)
        server = Server(data=data, options=["--threads", "2"])
        token, acknowledged, since = server.administrator().token, 0, None
        for round_number in range(KILLS):
            load = Load([server.address], token)
            time.sleep(random.uniform(0.02, 0.25))
            server.kill()
            load.end()
            if round_number % 10 == 9: # proving grows with the estate
                mandate("verify", "--data", data)
            server = Server(data=data, options=["--threads", "2"])
            acknowledged += load.check(self, Client(server.address, token))
            if round_number % 500 == 499: # a small estate makes quick restarts
                self.assertEqual(server.stop(), 0)
                mandate("verify", "--data", data)
                shutil.rmtree(data)
                os.mkdir(data)
                server = Server(data=data, options=["--threads", "2"])
                token = server.administrator().token
                print(round_number + 1, "kills,", acknowledged, "acknowledged steps, all there", flush=True)
        self.assertGreater(acknowledged, KILLS)
        self.assertEqual(server.stop(), 0)
        mandate("verify", "--data", data)
        with sqlite3.connect(os.path.join(data, "estate.db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        db.close()


class FullDisk(unittest.TestCase):
    """A disk with no room: an error that says so, no loss, and it goes on when there is room again."""

    def test_full(self):
        if os.geteuid() != 0:
            self.skipTest("needs root for a small file system")
        folder = tempfile.mkdtemp(prefix="mandate-full-")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(lambda: (subprocess.run(["umount", "-l", folder]), os.rmdir(folder)))
        server = Server(data=folder)
        self.addCleanup(server.remove)
        client = server.administrator()
        good, refused = 0, None
        for n in range(4000):
            got = client.post("/api/document", {"title": f"d{n}", "summary": "x" * 3900})
            if got.status == 201:
                good += 1
            else:
                refused = got
                break
        self.assertIsNotNone(refused, "the disk never filled")
        self.assertEqual(refused.status, 503, refused.body)
        self.assertEqual(client.get("/api/document/count").json["count"], good)
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        for _ in range(50):
            got = client.post("/api/document", {"title": "after"})
            if got.status == 201:
                break
            time.sleep(0.1)
        self.assertEqual(got.status, 201, got.body)
        self.assertEqual(client.get("/api/document/count").json["count"], good + 1)
        self.assertEqual(server.stop(), 0)
        mandate("verify", "--data", folder)


    def test_full_again_and_again(self):
        """Every kind of write while the disk fills and is freed: what was acknowledged is there, also after kill -9 on a full
        disk."""
        if os.geteuid() != 0:
            self.skipTest("needs root for a small file system")
        folder = tempfile.mkdtemp(prefix="mandate-full-")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={64 + RESTARTS}m", "tmpfs", folder], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(lambda: (subprocess.run(["umount", "-l", folder]), os.rmdir(folder)))
        server = Server(data=folder)
        self.addCleanup(lambda: server.remove())
        token, acknowledged, refused, ballast = server.administrator().token, 0, 0, os.path.join(folder, "ballast")
        for n in range(RESTARTS):
            load = Load([server.address], token)
            time.sleep(0.1)
            try:
                with open(ballast, "wb") as file: # all the room there is
                    while True:
                        file.write(bytes(65536))
                        file.flush()
            except OSError:
                pass
            time.sleep(0.3)
            if n % 2:
                server.kill()
            with contextlib.suppress(FileNotFoundError): # the estate may have taken the last room itself
                os.unlink(ballast)
            load.end()
            if n % 2:
                server = Server(data=folder)
            acknowledged += load.check(self, Client(server.address, token))
            refused += len(load.refused)
        self.assertGreater(acknowledged, RESTARTS)
        self.assertGreater(refused, 0)
        self.assertEqual(server.stop(), 0)
        mandate("verify", "--data", folder)


class Tidying(unittest.TestCase):
    """The write-ahead log stays small while threads that have read rest with their snapshots."""

    def test_log_stays_small(self):
        server = Server(options=["--threads", "4"])
        self.addCleanup(server.remove)
        client = server.administrator()
        for _ in range(40): # connections of their own, so that every thread reads once and rests
            Client(server.address, client.token).get("/api/tag")
        calls = [{"operation": "document.create", "input": {"title": "long", "summary": "x" * 8000}} for _ in range(500)]
        most = 0
        for _ in range(50):
            got = client.post("/api/batch", {"calls": calls})
            self.assertEqual(got.status, 200, got.body[:300])
            most = max(most, os.path.getsize(os.path.join(server.data, "estate.db-wal")))
        # readers at work (the search index reads along) may put a tidying off, but not for ever
        self.assertGreater(os.path.getsize(os.path.join(server.data, "estate.db")), 200 << 20)
        self.assertLess(most, 128 << 20)
        self.assertEqual(server.stop(), 0)


class Erasing(unittest.TestCase):
    """After erasing a person and compacting, the plain values are nowhere in the files."""

    def test_erase(self):
        server = Server()
        self.addCleanup(server.remove)
        client = server.administrator()
        secret = ["Zyxwvut Qponmlk", "zyxwvut.q@erase.example", "erase-me-private@example.net"]
        person = client.post("/api/person", {"name": secret[0], "email": secret[1], "private_email": secret[2]}).json["id"]
        client.patch("/api/person/" + person, {"name": secret[0] + " Junior"})
        client.patch(f"/api/person/{person}?propose=true", {"name": secret[0] + " Proposed"})
        client.post("/api/person", {"name": "somebody"}, headers={"Idempotency-Key": "k1"})
        device = client.post("/api/device", {"name": "hers", "class": "laptop", "holder": person}).json["id"]
        shown = client.get(f"/api/person/{person}/history").json["items"]
        self.assertEqual(shown[0]["changes"]["name"], [secret[0], secret[0] + " Junior"])
        got = client.post(f"/api/person/{person}/erase")
        self.assertEqual(got.status, 200, got.body)
        after = client.get("/api/person/" + person).json
        self.assertEqual((after["name"], after["email"]), ("(erased)", None))
        self.assertIsNone(client.get("/api/device/" + device).json["holder"])
        history = client.get(f"/api/person/{person}/history").json["items"]
        self.assertEqual(history[-1]["changes"]["name"][1], {"erased": True})
        self.assertEqual(server.stop(), 0)
        mandate("compact", "--data", server.data)
        mandate("verify", "--data", server.data)
        for name in os.listdir(server.data):
            path = os.path.join(server.data, name)
            if os.path.isfile(path) and name != "server.log":
                with open(path, "rb") as file:
                    content = file.read()
                for text in secret:
                    self.assertNotIn(text.encode(), content, (text, name))


class Stopping(unittest.TestCase):
    """Told to stop in the middle of work: what was answered is there, and it ends in order."""

    def test_stop_under_load(self):
        for _ in range(3):
            server = Server()
            self.addCleanup(server.remove)
            root = server.administrator()
            answered, stop = [], threading.Event()

            def hammer(tag):
                client = Client(server.address, root.token)
                for n in range(10 ** 6):
                    try:
                        if stop.is_set():
                            return
                        if client.post("/api/tag", {"name": f"stop {tag} {n}"}).status == 201:
                            answered.append(f"stop {tag} {n}")
                    except OSError:
                        return
            threads = [threading.Thread(target=hammer, args=(t,)) for t in range(8)]
            for t in threads:
                t.start()
            time.sleep(0.5)
            self.assertEqual(server.stop(), 0, server.errors())
            stop.set()
            for t in threads:
                t.join()
            with sqlite3.connect(os.path.join(server.data, "estate.db")) as db:
                there = {row[0] for row in db.execute("SELECT name FROM tag")}
            db.close()
            self.assertEqual(set(answered) - there, set())


class Backup(unittest.TestCase):
    def test_copy_and_restore(self):
        server = Server()
        self.addCleanup(server.remove)
        client = server.administrator()
        for n in range(20):
            client.post("/api/tag", {"name": f"before {n}"})
        self.assertEqual(server.stop(), 0)
        copy = tempfile.mkdtemp(prefix="mandate-copy-")
        self.addCleanup(shutil.rmtree, copy, True)
        mandate("copy", "--data", server.data, os.path.join(copy, "backup"))
        restored = Server(data=os.path.join(copy, "backup"))
        self.addCleanup(restored.remove)
        again = Client(restored.address, client.token)
        self.assertEqual(again.get("/api/tag/count").json["count"], 20)
        self.assertEqual(restored.stop(), 0)
        mandate("verify", "--data", restored.data)

    def test_one_process_a_folder(self):
        server = Server()
        self.addCleanup(server.remove)
        second = mandate("serve", "--data", server.data, "--listen", "127.0.0.1:0", check=False)
        self.assertEqual(second.returncode, 6, second.stderr)
        self.assertEqual(server.stop(), 0)


class Clock(unittest.TestCase):
    """A clock that stands behind what is already there (a dead battery, a restored machine) repeats no id."""

    def test_clock_behind(self):
        shim = Shim()
        server = Server(environment=shim.environment)
        self.addCleanup(server.remove)
        client = server.administrator()
        before = [int(client.post("/api/tag", {"name": f"before {n}"}).json["id"]) for n in range(20)]
        self.assertEqual(server.stop(), 0, server.errors())
        for hours in (1, 24 * 400):
            shim["clock_offset"] = -hours * 3600 * 10 ** 6
            server.start()
            client = Client(server.address, client.token)
            after = [int(client.post("/api/tag", {"name": f"behind {hours} {n}"}).json["id"]) for n in range(20)]
            self.assertGreater(min(after), max(before))
            self.assertEqual(len(set(before + after)), len(before) + len(after))
            before += after
            self.assertEqual(client.get("/api/tag/count").json["count"], len(before))
            self.assertEqual(server.stop(), 0, server.errors())
        shim["clock_offset"] = 0
        mandate("verify", "--data", server.data)


class Tampering(unittest.TestCase):
    """What somebody changes in the database by hand, past the program, is found and named."""

    def tamper(self, data, sql, *values):
        with sqlite3.connect(os.path.join(data, "estate.db")) as db:
            self.assertGreater(db.execute(sql, values).rowcount, 0, sql)
        db.close()
        done = mandate("verify", "--data", data, check=False)
        self.assertEqual(done.returncode, 5, sql + done.stdout + done.stderr)
        return done.stderr

    def test_verify_notices(self):
        server = Server()
        self.addCleanup(server.remove)
        client = server.administrator()
        ids = [client.post("/api/tag", {"name": f"tamper {n}"}).json["id"] for n in range(5)]
        client.patch("/api/tag/" + ids[2], {"name": "tamper two"})
        got = client.post("/api/inventory/report", {
            "format": 1, "identity": {"hostname": "h", "uuid": "11111111-2222-3333-4444-555555555555"},
            "packages": {"format": "deb", "list": [["bash", "1", "amd64", "Debian"], ["zlib", "1", "amd64"]]}})
        self.assertIn(got.status, (200, 201), got.body)
        self.assertEqual(server.stop(), 0)
        done = mandate("verify", "--data", server.data)
        self.assertIn("1 sets of 2 packages", done.stdout)
        copy = server.data + "-copy"
        self.addCleanup(shutil.rmtree, copy, True)
        for named, sql, values in (
                ("entry", "UPDATE journal_entry SET payload = replace(payload, 'tamper 3', 'tamper 4') WHERE payload LIKE '%tamper 3%'", ()),
                (f"tag {ids[3]}, version 1, name", "UPDATE tag SET name = 'another' WHERE id = ?", (ids[3],)),
                (f"tag {ids[2]}, version 1, name", "UPDATE tag_history SET name = 'another' WHERE id = ?", (ids[2],)),
                (f"tag {ids[4]}, version 1", "DELETE FROM tag WHERE id = ?", (ids[4],)),
                (f"tag {int(ids[4]) + 1}, version 1", "INSERT INTO tag (id, entity, version, since, entry, name) "
                 "SELECT id + 1, entity, version, since, entry, 'new' FROM tag WHERE id = ?", (ids[4],)),
                (", grants:", "UPDATE role SET grants = grants || char(10) || 'device.*' WHERE id = (SELECT min(id) FROM role)", ()),
                ("package_set", "UPDATE package SET release = '2' WHERE name = 'bash'", ()),
                ("package_set", "DELETE FROM package_set_item WHERE name = 'zlib'", ()),
                ("in no set", "INSERT INTO package_set_item SELECT id + 1, entity, version, state, number, since, entry, archived, 1, package, "
                 "ordinal, name FROM package_set_item WHERE name = 'zlib'", ())):
            shutil.copytree(server.data, copy)
            self.assertIn(named, self.tamper(copy, sql, *values), sql)
            shutil.rmtree(copy)


@unittest.skipUnless(binaries(), "PostgreSQL is not installed")
class Restarting(unittest.TestCase):
    """Two servers on one PostgreSQL work together; the database may restart under them."""

    def test_two_servers_and_a_restart(self):
        postgres = Postgres()
        self.addCleanup(postgres.remove)
        url = postgres.database("shared")
        one = Server(url)
        self.addCleanup(one.remove)
        client = one.administrator()
        other_data = tempfile.mkdtemp(prefix="mandate-two-")
        self.addCleanup(shutil.rmtree, other_data, True)
        for key in ("journal.key", "master.key"):
            shutil.copy(os.path.join(one.data, key), other_data)
        two = Server(url, data=other_data)
        self.addCleanup(two.remove)
        there = Client(two.address, client.token)
        made = client.post("/api/tag", {"name": "shared"}).json["id"]
        self.assertEqual(there.get("/api/tag/" + made).json["name"], "shared")
        back = there.post("/api/person", {"name": "From Two"}).json["id"]
        self.assertEqual(client.get("/api/person/" + back).json["name"], "From Two")
        threads = [threading.Thread(target=lambda c: [Client(c.address, c.token).post("/api/tag", {"name": f"{threading.get_ident()}-{n}"}) for n in range(30)],
                                    args=(c,)) for c in (client, there, client, there)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(client.get("/api/tag/count").json["count"], 121)
        postgres.stop("immediate")
        self.assertEqual(client.post("/api/tag", {"name": "while down"}).status, 503)
        self.assertEqual(there.get("/api/tag/count").status, 503)
        postgres.start()
        for c in (client, there):
            for attempt in range(100):
                if c.post("/api/tag", {"name": f"after {c.address} {attempt}"}).status == 201:
                    break
                time.sleep(0.1)
            self.assertEqual(c.post("/api/tag", {"name": "long after " + c.address}).status, 201)
        self.assertGreaterEqual(client.get("/api/tag/count").json["count"], 123)
        end = time.time() + 20
        while time.time() < end and b"mandate_journal_leaves 0" in client.get("/metrics").body:
            time.sleep(0.1)
        self.assertEqual((one.stop(), two.stop()), (0, 0))
        mandate("verify", "--data", one.data, "--db", url)

    def test_restarts_under_load(self):
        """The database is cut off at random moments while two servers write: what they acknowledged is there."""
        postgres = Postgres()
        self.addCleanup(postgres.remove)
        url = postgres.database("cut")
        one = Server(url)
        self.addCleanup(one.remove)
        token = one.administrator().token
        other = tempfile.mkdtemp(prefix="mandate-cut-")
        self.addCleanup(shutil.rmtree, other, True)
        for key in ("journal.key", "master.key"):
            shutil.copy(os.path.join(one.data, key), other)
        two = Server(url, data=other)
        self.addCleanup(two.remove)
        acknowledged, root = 0, Client(one.address, token)
        for _ in range(RESTARTS):
            load = Load([one.address, two.address], token)
            time.sleep(random.uniform(0.1, 0.6))
            postgres.stop("immediate")
            time.sleep(random.uniform(0, 0.2))
            postgres.start()
            time.sleep(random.uniform(0, 0.2))
            load.end()
            wait_for(lambda: Client(one.address, token).get("/api/tag/count").status == 200)
            acknowledged += load.check(self, root)
        self.assertGreater(acknowledged, RESTARTS)
        self.assertEqual((one.stop(), two.stop()), (0, 0))
        mandate("verify", "--data", one.data, "--db", url)


if __name__ == "__main__":
    unittest.main()
