"""Several servers on one PostgreSQL database, told the same things at the same moment: what comes of it is what one server
on SQLite makes of the same calls in some order."""
import os
import shutil
import tempfile
import threading
import unittest

from support.postgres import Postgres, binaries
from support.server import Client, Server, mandate, wait_for

ROUNDS = 200 if os.environ.get("LONG") else 25


@unittest.skipUnless(binaries(), "PostgreSQL is not installed")
class Together(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.url = cls.postgres.database("together")
        cls.servers = [Server(cls.url)]
        cls.token = cls.servers[0].administrator().token
        cls.data = tempfile.mkdtemp(prefix="mandate-together-")
        for key in ("journal.key", "master.key"):
            shutil.copy(os.path.join(cls.servers[0].data, key), cls.data)
        cls.servers.append(Server(cls.url, data=cls.data))
        cls.clients = [Client(s.address, cls.token) for s in cls.servers for _ in range(3)]

    @classmethod
    def tearDownClass(cls):
        ends = [s.stop() for s in cls.servers]
        errors = [s.errors() for s in cls.servers]
        proof = mandate("verify", "--data", cls.servers[0].data, "--db", cls.url, check=False)
        for s in cls.servers:
            s.remove()
        shutil.rmtree(cls.data, ignore_errors=True)
        cls.postgres.remove()
        assert ends == [0, 0], errors
        assert proof.returncode == 0, proof.stderr

    def at_once(self, calls):
        """Each (client, path, body or None) at the same moment; the answers in their order."""
        barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

        def one(place, client, method, path, body):
            barrier.wait()
            answers[place] = client.call(method, path, body)
        threads = [threading.Thread(target=one, args=(n, *call)) for n, call in enumerate(calls)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return answers

    def report(self, number, packages):
        return {"format": 1, "identity": {"hostname": f"host {number}", "serial": f"SN{number}", "manufacturer": "Acme",
                                          "uuid": f"{number:08d}-2222-3333-4444-555555555555"},
                "network": {"interfaces": [{"name": name, "mac": f"02:00:00:{number % 256:02x}:{number // 256:02x}:{place:02x}"}
                                           for place, name in enumerate(("eth0", "eth1"))]},
                "packages": {"format": "deb", "list": [[f"package-{n}", str(number), "amd64"] for n in range(packages)]}}

    def test_the_same_thing_is_made_once(self):
        for n in range(ROUNDS):
            answers = self.at_once([(c, "POST", "/api/inventory/report", self.report(n, 5)) for c in self.clients])
            self.assertEqual({a.status for a in answers} - {200, 201}, set(), [a.body for a in answers])
            self.assertEqual(len({a.json["device"] for a in answers}), 1, n)
            client = self.clients[0]
            self.assertEqual(client.get(f"/api/device/count?serial=eq.SN{n}").json["count"], 1)
            device = answers[0].json["device"]
            self.assertEqual(client.get(f"/api/network_interface/count?device=eq.{device}").json["count"], 2)
        self.assertEqual(client.get("/api/package/count").json["count"], 5 * ROUNDS)
        self.assertEqual(client.get("/api/package_set/count").json["count"], ROUNDS)

    def test_no_circle_is_closed_by_two(self):
        client = self.clients[0]
        for kind, make in (("site", lambda n: {"name": f"site {n}"}), ("entity", lambda n: {"name": f"entity {n}", "parent": self.root()})):
            for n in range(ROUNDS):
                ids = [client.post("/api/" + kind, make(f"{n} {place}")).json["id"] for place in range(3)]
                for i in ids:
                    self.known(kind, i)
                pairs = [(ids[0], ids[1]), (ids[1], ids[2]), (ids[2], ids[0])]
                answers = self.at_once([(self.clients[2 * place], "PATCH", f"/api/{kind}/{a}", {"parent": b}) for place, (a, b) in enumerate(pairs)])
                # 403: of entities that moved just now a process may not know yet where they are
                self.assertIn(sorted(a.status for a in answers), ([200, 200, 422], [200, 200, 403], [200, 403, 422], [200, 403, 403]),
                              [a.body for a in answers])
                parents = {i: client.get(f"/api/{kind}/{i}").json["parent"] for i in ids}
                for start in ids:
                    at, steps = start, 0
                    while at in parents and steps < 5:
                        at, steps = parents[at], steps + 1
                    self.assertLess(steps, 5, "a circle")

    def test_nothing_is_lost_in_an_archived_entity(self):
        """One archives it while others make a record in it and move one to it: it is archived and empty, or stays."""
        client, fates = self.clients[0], set()
        for n in range(ROUNDS):
            entity = client.post("/api/entity", {"name": f"short-lived {n}", "parent": self.root()}).json["id"]
            moved = client.post("/api/site", {"name": f"moving {n}"}).json["id"]
            self.known("entity", entity)
            archived, made, came, below = self.at_once([
                (self.clients[0], "DELETE", f"/api/entity/{entity}", None),
                (self.clients[3], "POST", "/api/site", {"name": f"made {n}", "entity": entity}),
                (self.clients[4], "PATCH", f"/api/site/{moved}", {"entity": entity}),
                (self.clients[5], "POST", "/api/entity", {"name": f"below {n}", "parent": entity})])
            self.assertIn(archived.status, (200, 409), archived.body)
            for answer in (made, came, below):
                self.assertIn(answer.status, (200, 201, 403, 404, 422), answer.body)
            there = self.inside(entity)
            fates.add(archived.status)
            self.assertEqual(there == 0, archived.status == 200, (n, there, archived.body, made.body, came.body, below.body))

    def known(self, kind, record):
        """One process hears of another's entities a moment later, and until then has no authority there."""
        for client in (self.clients[0], self.clients[-1]):
            wait_for(lambda: client.get(f"/api/{kind}/{record}").status == 200)

    def inside(self, entity):
        """Asked of the database: what is in an archived entity no caller sees."""
        return int(self.postgres.ask("together", f"SELECT (SELECT count(*) FROM site WHERE entity = {entity} AND archived IS NULL) + "
                                                 f"(SELECT count(*) FROM entity WHERE parent = {entity} AND archived IS NULL)"))

    def root(self):
        return self.clients[0].get("/api/entity?limit=1&order=id").json["items"][0]["id"]


@unittest.skipUnless(binaries(), "PostgreSQL is not installed")
class Restarted(unittest.TestCase):
    """Each process makes ids under a number of its own, also after the database forgot who had which."""

    def worker(self, server, token, name):
        for _ in range(50):  # what was under way when the database went away is refused once
            answer = Client(server.address, token).post("/api/tag", {"name": name})
            if answer.status != 503:
                break
        self.assertEqual(answer.status, 201, answer.body)
        return int(answer.json["id"]) >> 8 & 15

    def another(self):
        data = tempfile.mkdtemp(prefix="mandate-restarted-")
        self.addCleanup(shutil.rmtree, data, True)
        for key in ("journal.key", "master.key"):
            shutil.copy(os.path.join(self.first.data, key), data)
        server = Server(self.url, data=data)
        self.addCleanup(server.remove)
        return server

    def test_numbers_stay_apart(self):
        postgres = Postgres()
        self.addCleanup(postgres.remove)
        self.url = postgres.database("restarted")
        self.first = Server(self.url)
        self.addCleanup(self.first.remove)
        token = self.first.administrator().token
        servers = [self.first, self.another()]
        before = [self.worker(s, token, f"before {n}") for n, s in enumerate(servers)]
        self.assertEqual(len(set(before)), 2)
        postgres.stop()
        postgres.start()
        servers.append(self.another())  # before the two have noticed anything
        after = [self.worker(s, token, f"after {n}") for n, s in enumerate(servers)]
        self.assertEqual(len(set(after)), 3, (before, after))
        postgres.stop()
        postgres.start()
        again = [self.worker(s, token, f"again {n}") for n, s in enumerate(servers)]
        servers.append(self.another())  # after they have
        again.append(self.worker(servers[-1], token, "again"))
        self.assertEqual(len(set(again)), 4, (after, again))
        self.assertEqual([s.stop() for s in servers], [0] * 4, [s.errors() for s in servers])


if __name__ == "__main__":
    unittest.main()
