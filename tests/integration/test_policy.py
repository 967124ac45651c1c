"""The estate is judged all the time: what is out of line becomes a finding and is cleared when it is put right, strict entities refuse
changes, exceptions excuse and lapse, simulations touch nothing; random histories give the same findings as a judgement from
nothing; on both stores."""
import datetime
import os
import random
import shutil
import tempfile
import unittest

from support import stores
from support.estate import Estate
from support.server import Server, mandate, wait_for

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 6)
LONG = bool(os.environ.get("LONG"))

POLICIES = {
    "seats": "-- title: No licence is used beyond its seats\n-- about: licence\n-- severity: high\n-- remedy: Buy seats.\n"
             "SELECT id, seats_used || ' of ' || seats AS why FROM licence WHERE seats_used > seats\n",
    "named": "-- title: Tags say what they mean\n-- about: tag\n-- mode: enforce\n-- fixed: true\nSELECT id FROM tag WHERE meaning IS NULL AND colour = 'red'\n",
    "sited": "-- title: Devices stand at open sites\n-- about: device\n"
             "SELECT d.id, 'at ' || s.name AS why FROM device d JOIN site s ON s.id = d.site WHERE s.state = 'closed'\n",
    "alone": "-- title: Serial numbers are unique\n-- about: device\n"
             "SELECT id FROM device WHERE serial IN (SELECT serial FROM device GROUP BY serial HAVING COUNT(*) > 1)\n",
    "held": "-- title: Somebody holds what is in use\n-- about: device\nSELECT id FROM device WHERE state = 'in_use' AND holder IS NULL\n",
}


def packs():
    """The packs that ship with policies of the tests' own instead of theirs."""
    folder = tempfile.mkdtemp(prefix="mandate-packs-")
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packs")
    for name in ("core", "governance", "assets"):
        shutil.copytree(os.path.join(root, name), os.path.join(folder, name), ignore=shutil.ignore_patterns("policies"))
    os.makedirs(os.path.join(folder, "assets/policies"))
    for name, text in POLICIES.items():
        with open(os.path.join(folder, "assets/policies", name + ".sql"), "w") as file:
            file.write(text)
    return folder


class Policies(Estate):
    @classmethod
    def open(cls):
        cls.packs = packs()
        cls.server = Server(cls.database, options=["--packs", cls.packs])
        cls.root = cls.server.administrator()
        cls.home = cls.root.get("/api/entity").json["items"][0]["id"]

    @classmethod
    def tearDownClass(cls):
        status, errors = cls.server.stop(), cls.server.errors()
        if status == 0:
            mandate("verify", "--data", cls.server.data, *(["--db", cls.database] if cls.database else []))
        cls.server.remove()
        shutil.rmtree(cls.packs)
        assert status == 0, errors

    def policy(self, name):
        return wait_for(lambda: self.root.get(f"/api/policy?name=eq.{name}").json["items"])[0]

    def clerk(self, functions, entity):
        """Somebody who holds just these there."""
        role = self.make("role", name=f"role {random.random()}", title="Clerk", grants="\n".join(functions))
        client, person, _ = self.person(f"clerk{random.random()}", None, entity)
        self.make("assignment", person=person, role=role, scope=entity, reason="test")
        return client

    def finding(self, name, about, state, client=None):
        """The one finding of a policy about a record, once it is in that state."""
        policy = self.policy(name)["id"]

        def look():
            items = (client or self.root).get(f"/api/finding?policy=eq.{policy}&about=eq.{about}").json["items"]
            self.assertLess(len(items), 2)
            return items and items[0]["state"] == state and items[0]
        return wait_for(look)

    def none(self, name, about):
        policy = self.policy(name)["id"]
        self.assertEqual(self.root.get(f"/api/finding?policy=eq.{policy}&about=eq.{about}").json["items"], [])

    def licence(self, **more):
        software = self.make("software", name=f"S {random.random()}")
        return self.make("licence", name="L", software=software, metric="user", **more)

    def test_found_cleared_and_found_again(self):
        licence = self.licence(seats=5, seats_used=7)
        found = self.finding("seats", licence, "open")
        self.assertEqual((found["why"], found["severity"], found["source"], found["about_kind"]), ("7 of 5", "high", "policy", "licence"))
        self.assertEqual(found["title"], "No licence is used beyond its seats")
        due = datetime.date.fromisoformat(found["due"]) - datetime.date.fromisoformat(found["since"][:10])
        self.assertEqual(due.days, 30)
        self.root.patch(f"/api/licence/{licence}", {"seats_used": 9})
        wait_for(lambda: self.finding("seats", licence, "open")["why"] == "9 of 5")
        self.root.patch(f"/api/licence/{licence}", {"seats": 20})
        self.finding("seats", licence, "cleared")
        self.root.patch(f"/api/licence/{licence}", {"seats": 2})
        self.assertEqual(self.finding("seats", licence, "open")["id"], found["id"], "the same finding, with its history")
        self.assertEqual(self.root.call("DELETE", f"/api/licence/{licence}").status, 200)
        self.finding("seats", licence, "cleared")

    def test_changed_twice_at_once(self):
        licence = self.licence(seats=1, seats_used=2)
        self.finding("seats", licence, "open")
        for used in range(3, 40):
            self.root.patch(f"/api/licence/{licence}", {"seats_used": used})
        found = wait_for(lambda: (lambda f: f["why"] == "39 of 1" and f)(self.finding("seats", licence, "open")))
        history = self.root.get(f"/api/finding/{found['id']}/history?limit=100").json["items"]
        self.assertEqual([h for h in history if "state" in h.get("changes", {}) and h["changes"]["state"][1] == "cleared"], [])

    def test_people_work_on_findings(self):
        licence = self.licence(seats=1, seats_used=3)
        found = self.finding("seats", licence, "open")
        self.assertEqual(self.root.patch(f"/api/finding/{found['id']}", {"why": "mine"}).status, 422, "said by the policy only")
        self.assertEqual(self.root.post(f"/api/finding/{found['id']}/begin").status, 200)
        self.assertEqual(self.root.post(f"/api/finding/{found['id']}/resolve").status, 422, "needs evidence")
        got = self.root.post(f"/api/finding/{found['id']}/resolve", {"evidence": "It is all right, really."})
        self.assertEqual(got.status, 200, got.body)
        again = self.finding("seats", licence, "open")
        self.assertEqual(again["evidence"], "It is all right, really.", "it is still out of line, whatever was said")
        made = self.make("finding", title="Audit 2026/4, recommendation 3", source="audit", severity="high")
        self.assertEqual(self.root.post(f"/api/finding/{made}/resolve", {"evidence": "Report of 3 March"}).status, 200)
        self.assertEqual(self.root.get(f"/api/finding/{made}").json["state"], "resolved")

    def test_through_other_records(self):
        site = self.make("site", name="Old depot", country="KE")
        device = self.make("device", name="d", **{"class": "server"}, site=site)
        self.root.post(f"/api/site/{site}/close")
        self.assertEqual(self.finding("sited", device, "open")["why"], "at Old depot")
        self.root.post(f"/api/site/{site}/reopen")
        self.finding("sited", device, "cleared")
        one = self.make("device", name="x", **{"class": "server"}, serial="TWICE")
        self.none("alone", one)
        two = self.make("device", name="y", **{"class": "server"}, serial="TWICE")
        self.finding("alone", one, "open")
        self.finding("alone", two, "open")
        self.root.patch(f"/api/device/{two}", {"serial": "ONCE"})
        self.finding("alone", one, "cleared")
        self.finding("alone", two, "cleared")

    def test_enforced(self):
        got = self.root.post("/api/tag", {"name": "red one", "colour": "red"}, headers={"Accept-Language": "fr"})
        self.assertEqual(got.status, 422, got.body)
        self.assertIn("named", got.body.decode())
        self.assertEqual(self.root.get("/api/tag?name=eq.red%20one").json["items"], [], "nothing is left of it")
        good = self.make("tag", name="red two", colour="red", meaning="danger")
        self.assertEqual(self.root.patch(f"/api/tag/{good}", {"meaning": None}).status, 422)
        batch = self.root.post("/api/batch", {"calls": [{"operation": "tag.create", "input": {"name": "b1"}},
                                                        {"operation": "tag.create", "input": {"name": "b2", "colour": "red"}}]})
        self.assertEqual(batch.status, 422)
        self.assertEqual(self.root.get("/api/tag?name=in.(b1,b2)").json["items"], [])
        loose = self.root.post("/api/policy/set_mode", {"policy": "named", "entity": self.home, "mode": "report"})
        self.assertEqual(loose.status, 422, "a fixed policy is not loosened")

    def test_modes_by_entity(self):
        below = self.make("entity", name=f"Strict {random.random()}", parent=self.home)
        mode = lambda entity, mode, client=self.root: client.post("/api/policy/set_mode", {"policy": "seats", "entity": entity, "mode": mode})  # noqa: E731
        self.assertEqual(self.licence(seats=1, seats_used=2) and mode(below, "enforce").json["before"], "report")
        software = self.make("software", name="elsewhere")
        wanted = {"name": "L", "software": software, "metric": "user", "seats": 1, "seats_used": 2}
        self.assertEqual(self.root.post("/api/licence", dict(wanted)).status, 201, "only there")
        refused = self.root.post("/api/licence", dict(wanted, entity=below))
        self.assertEqual(refused.status, 422, refused.body)
        self.assertIn("2 of 1", refused.body.decode())
        self.assertIn("Buy seats", refused.body.decode())
        # approval: who may consent passes, others propose it
        self.assertEqual(mode(below, "approval").status, 200)
        clerk = self.clerk(["licence.*", "software.read", "proposal.*"], below)
        refused = clerk.post("/api/licence", dict(wanted, entity=below))
        self.assertEqual(refused.status, 422, refused.body)
        proposed = clerk.post("/api/licence?propose=true", dict(wanted, entity=below))
        self.assertEqual(proposed.status, 201, proposed.body)
        self.assertEqual(clerk.post(f"/api/proposal/{proposed.json['id']}/apply").status, 422, "not by who asked for it")
        self.assertEqual(self.root.post(f"/api/proposal/{proposed.json['id']}/apply").status, 200)
        # who may tighten may not loosen
        tight = self.clerk(["policy.tighten", "policy.read"], below)
        self.assertEqual(mode(below, "report", tight).status, 403)
        self.assertEqual(mode(below, "enforce", tight).status, 200)
        self.assertEqual(mode(self.home, "enforce", tight).status, 403, "not there")
        self.assertEqual(mode(below, "report").status, 200)

    def test_known_trouble_can_be_worked_on(self):
        licence = self.licence(seats=1, seats_used=2)
        self.finding("seats", licence, "open")
        where = self.root.get(f"/api/licence/{licence}").json["entity"]
        self.root.post("/api/policy/set_mode", {"policy": "seats", "entity": where, "mode": "enforce"})
        self.assertEqual(self.root.patch(f"/api/licence/{licence}", {"notes": "asked the vendor"}).status, 200)
        self.root.post("/api/policy/set_mode", {"policy": "seats", "entity": where, "mode": "report"})

    def test_exceptions(self):
        licence = self.licence(seats=1, seats_used=2)
        self.finding("seats", licence, "open")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        asked = self.make("policy_exception", name="for now", policy=self.policy("seats")["id"], about=licence, reason="migration",
                          ends=(today + datetime.timedelta(days=10)).isoformat())
        self.finding("seats", licence, "open")
        self.assertEqual(self.root.post(f"/api/policy_exception/{asked}/grant").status, 200)
        self.finding("seats", licence, "excused")
        self.root.post(f"/api/policy_exception/{asked}/revoke")
        self.finding("seats", licence, "open")
        old = self.make("policy_exception", name="long ago", policy=self.policy("seats")["id"], about=licence, reason="migration",
                        begins="2020-01-01", ends="2020-12-31")
        self.root.post(f"/api/policy_exception/{old}/grant")
        self.root.patch(f"/api/licence/{licence}", {"seats_used": 3})
        wait_for(lambda: self.finding("seats", licence, "open")["why"] == "3 of 1")

    def test_simulate(self):
        licence = self.licence(seats=7, seats_used=3)
        got = self.root.post("/api/policy/simulate", {"about": "licence", "sql": "SELECT id, 'has ' || seats AS why FROM licence WHERE seats = 7"})
        self.assertEqual(got.status, 200, got.body)
        self.assertIn({"id": licence, "why": "has 7"}, [{"id": i["id"], "why": i["why"]} for i in got.json["items"]])
        self.assertEqual(sum(e["count"] for e in got.json["entities"]), got.json["total"])
        self.none("seats", licence)
        for bad in ("SELECT id FROM licence WHERE nothing = 1", "SELECT name FROM licence", "DELETE FROM licence", "SELECT id FROM account_secret",
                    "SELECT id, seats FROM licence", "SELEC", ""):
            got = self.root.post("/api/policy/simulate", {"about": "licence", "sql": bad})
            self.assertEqual(got.status, 422, (bad, got.body))
        clerk = self.clerk(["licence.read", "policy.simulate"], self.make("entity", name=f"E {random.random()}", parent=self.home))
        self.assertEqual(clerk.post("/api/policy/simulate", {"about": "licence", "sql": "SELECT id FROM licence"}).status, 403,
                         "it sees everything, so it takes the right everywhere")

    def test_status(self):
        got = wait_for(lambda: (lambda i: all("judged" in p for p in i) and i)(self.root.get("/api/policy-status").json["items"]))
        self.assertEqual({p["policy"] for p in got}, set(POLICIES))

    def test_random_histories(self):
        """Whatever happens in whatever order, the findings are those of asking everything from nothing."""
        chance = random.Random(SEED)
        sites = [self.make("site", name=f"R{n}", country="KE") for n in range(3)]
        devices = [self.make("device", name=f"r{n}", **{"class": "server"}, site=chance.choice(sites)) for n in range(8)]
        for _ in range(600 if LONG else 60):
            device, site = chance.choice(devices), chance.choice(sites)
            chance.choice((lambda: self.root.patch(f"/api/device/{device}", {"serial": f"R{chance.randrange(4)}"}),
                           lambda: self.root.patch(f"/api/device/{device}", {"site": site}),
                           lambda: self.root.post(f"/api/site/{site}/{chance.choice(('close', 'reopen'))}"),
                           lambda: self.root.post(f"/api/device/{device}/{chance.choice(('receive', 'find', 'issue', 'return'))}"),
                           lambda: self.root.call("DELETE", f"/api/device/{device}"),
                           lambda: self.root.post(f"/api/device/{device}/restore")))()
        for name in ("sited", "alone", "held"):
            policy = self.policy(name)["id"]

            def same():
                now = {i["id"] for i in self.root.post("/api/policy/simulate", {"policy": name, "limit": 1000}).json["items"]}
                kept = {i["about"] for i in self.root.get(f"/api/finding?policy=eq.{policy}&state=eq.open&limit=500").json["items"]}
                return now == kept or None
            try:
                wait_for(same)
            except AssertionError as fault:
                raise AssertionError(name, SEED, self.server.errors()) from fault


class OnSQLite(stores.SQLite, Policies, unittest.TestCase):
    def test_restart(self):
        """What changed while nobody judged is found at the next start; a policy whose file is gone is retired with its findings."""
        licence, other = self.licence(seats=1, seats_used=2), self.licence(seats=1, seats_used=2)
        self.finding("seats", licence, "open")
        self.finding("seats", other, "open")
        path = os.path.join(self.packs, "assets/policies/seats.sql")
        self.assertEqual(self.server.stop(), 0)
        os.rename(path, path + ".gone")
        self.server.start()
        type(self).root = self.server.client(self.root.token)
        self.finding("seats", licence, "cleared")
        self.assertEqual(self.policy("seats")["state"], "retired")
        self.root.patch(f"/api/licence/{licence}", {"seats": 9})
        self.assertEqual(self.server.stop(), 0)
        os.rename(path + ".gone", path)
        self.server.start()
        type(self).root = self.server.client(self.root.token)
        self.finding("seats", other, "open")
        self.finding("seats", licence, "cleared")

    def test_bad_policies_are_refused(self):
        folder = packs()
        with open(os.path.join(folder, "assets/policies/bad.sql"), "w") as file:
            file.write("-- title: Bad\n-- about: device\nSELECT id\nFROM device WHERE colour = 'red'\n")
        done = mandate("pack", "check", folder, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stdout + done.stderr, r"policies/bad\.sql:4:19")
        shutil.rmtree(folder)


class OnPostgreSQL(stores.PostgreSQL, Policies, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
