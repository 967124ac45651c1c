"""The command line against a real server, the agent on this machine, the log under an independent verifier."""
import json
import os
import subprocess
import tempfile
import unittest

from support.server import Client, MANDATE, Server, mandate, wait_for

ROOT = os.path.join(os.path.dirname(__file__), "../..")


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="mandate-home-")
        cls.server = Server()
        cls.environment = {"HOME": cls.home, "XDG_CONFIG_HOME": "", "MANDATE_SERVER": "", "MANDATE_TOKEN": ""}
        link = f"http://{cls.server.address}/#link={cls.server.first_link()}"
        mandate("login", link, environment=cls.environment)
        with open(os.path.join(cls.home, ".config/mandate/client.json")) as file:
            cls.token = json.load(file)["token"]

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        errors = cls.server.errors()
        cls.server.remove()
        assert status == 0, errors

    def run_verb(self, *words, check=True, text_in=None):
        return mandate(*words, environment=self.environment, check=check, text_in=text_in)

    def test_verbs(self):
        made = json.loads(self.run_verb("site", "create", "name=Nairobi", "country=KE", "--json").stdout)
        table = self.run_verb("site", "list", "country=KE").stdout
        self.assertIn("Nairobi", table)
        self.run_verb("site", "update", made["id"], "name=Gigiri")
        self.assertEqual(json.loads(self.run_verb("site", "get", made["id"], "--json").stdout)["name"], "Gigiri")
        money = json.loads(self.run_verb("device", "create", "name=x", "class=server", "cost=12.50 EUR", "--json").stdout)
        self.assertEqual(json.loads(self.run_verb("device", "get", money["id"], "--json").stdout)["cost"]["currency"], "EUR")
        self.run_verb("tag", "create", "--input", "-", text_in='{"name": "from a pipe"}')
        self.assertIn("from a pipe", self.run_verb("tag", "list").stdout)
        self.assertRegex(self.run_verb("device", "facets", "by=class").stdout, r"Class\nValue +Count *\nServer +1")
        self.run_verb("device", "update", money["id"], "site=" + made["id"])
        shown = self.run_verb("device", "list", "--lang", "fr").stdout
        self.assertIn("Serveur", shown, "a choice by its name")
        self.assertIn("Commandé", shown, "a state by its name")
        self.assertIn("Gigiri", shown, "a reference by its name")
        self.assertIn("Gigiri", self.run_verb("device", "get", money["id"]).stdout)
        self.assertRegex(self.run_verb("device", "list", "select=site,state", "class=server").stdout, r"^Site +State *\nGigiri +Ordered *\n$")
        found = wait_for(lambda: (lambda t: t if "Gigiri" in t else None)(self.run_verb("search", "find", "query=gigiri").stdout))
        self.assertRegex(found, r"^Kind +Id of the record .*Title +Field in which it was found +The text around what was found *\n")

    def test_exit_statuses(self):
        self.assertEqual(self.run_verb("site", "create", check=False).returncode, 2)
        self.assertEqual(self.run_verb("site", "get", "12345", check=False).returncode, 4)
        self.assertEqual(self.run_verb("device", "list", "--token", "mandate_bad", check=False).returncode, 3)
        self.assertEqual(self.run_verb("nothing", "at", "all", check=False).returncode, 2)
        site = json.loads(self.run_verb("site", "create", "name=V", "country=KE", "--json").stdout)["id"]
        self.assertEqual(self.run_verb("site", "update", site, "name=W", "--if-match", "7", check=False).returncode, 5)
        self.assertEqual(mandate("site", "list", "--server", "http://127.0.0.1:9", environment=self.environment, check=False).returncode, 8)

    def test_help_and_completion_without_server(self):
        alone = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "", "MANDATE_SERVER": ""}
        self.assertIn("device", mandate("help", environment=alone).stdout)
        self.assertIn("serial", mandate("device", "create", "--help", environment=alone).stdout)
        self.assertIn("Numéro de série", mandate("device", "create", "--help", "--lang", "fr", environment=alone).stdout)
        self.assertIn("complete -F", mandate("completion", "bash", environment=alone).stdout)
        self.assertIn("write_off", mandate("completion", "words", "device", environment=alone).stdout)

    def test_manual_pages(self):
        with tempfile.TemporaryDirectory() as folder:
            mandate("man", folder)
            self.assertIn("mandate-device.1", os.listdir(folder))
            with open(os.path.join(folder, "mandate.1")) as file:
                self.assertIn(".SH COMMANDS", file.read())

    def test_pack_check(self):
        self.assertIn("good", mandate("pack", "check", os.path.join(ROOT, "packs")).stdout)
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "bad/kinds"))
            with open(os.path.join(folder, "bad/pack.yaml"), "w") as file:
                file.write("pack: bad\ntitle: Bad\nversion: 1.0\n")
            with open(os.path.join(folder, "bad/kinds/thing.yaml"), "w") as file:
                file.write("kind: thing\nfields:\n  name: {type: txt}\n")
            done = mandate("pack", "check", folder, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, r"thing\.yaml:3:\d+")

    def test_agent(self):
        """This machine's own inventory, twice: the second time nothing changed, so nothing is sent again."""
        with tempfile.TemporaryDirectory() as folder:
            token = os.path.join(folder, "token")
            with open(token, "w") as file:
                file.write(self.token)
            os.chmod(token, 0o600)
            arguments = ("agent", "--once", "--server", "http://" + self.server.address, "--token-file", token, "--spool", folder + "/spool")
            mandate(*arguments)
            client = Client(self.server.address, self.token)
            device = client.get("/api/device?source=eq.agent").json["items"][0]
            packages = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}\n"], stdout=subprocess.PIPE, text=True).stdout.split("\n")
            count = client.get(f"/api/installation/count?device=eq.{device['id']}").json["count"]
            self.assertEqual(count, packages.count("installed"))
            self.assertEqual(device["hostname"], os.uname().nodename)
            self.assertEqual(device["state"], "in_use")
            mandate(*arguments)
            self.assertEqual(client.get("/api/device/count?source=eq.agent").json["count"], 1)
            self.assertEqual(client.get("/api/package_set/count").json["count"], 1)

    def test_agent_resends(self):
        with tempfile.TemporaryDirectory() as folder:
            token = os.path.join(folder, "token")
            with open(token, "w") as file:
                file.write(self.token)
            os.chmod(token, 0o600)
            down = mandate("agent", "--once", "--server", "http://127.0.0.1:9", "--token-file", token, "--spool", folder + "/spool", check=False)
            self.assertEqual(down.returncode, 8, down.stderr)
            sent = mandate("agent", "--once", "--server", "http://" + self.server.address, "--token-file", token, "--spool", folder + "/spool")
            self.assertIn("2", sent.stdout)

    def test_log_under_an_independent_verifier(self):
        """golang.org/x/mod reads the log over HTTP and agrees."""
        verifier = os.path.join(ROOT, "tests/conformance/tlog/run")
        client = Client(self.server.address, self.token)
        for n in range(300):
            client.post("/api/batch", {"calls": [{"operation": "tag.create", "input": {"name": f"log {n}"}}]})
        key = client.get("/log.key").body.decode().strip()
        size = lambda: int(client.get("/checkpoint").body.split(b"\n")[1])
        wait_for(lambda: size() >= 300)
        done = subprocess.run([verifier, "http://" + self.server.address, key], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if "skip" in done.stdout.lower() and done.returncode == 77:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout)
        wrong = key[:-6] + ("AAAAA=" if not key.endswith("AAAAA=") else "BBBBB=")
        self.assertNotEqual(subprocess.run([verifier, "http://" + self.server.address, wrong], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL).returncode, 0)

    def test_change_feed(self):
        """Server-sent events arrive as things happen, and go on where a reader left off."""
        import http.client
        connection = http.client.HTTPConnection(self.server.address, timeout=20)
        connection.request("GET", "/api/changes", headers={"Authorization": "Bearer " + self.token})
        stream = connection.getresponse()
        self.assertEqual(stream.headers["Content-Type"], "text/event-stream")
        client = Client(self.server.address, self.token)
        made = client.post("/api/tag", {"name": "told at once"}).json["id"]
        lines = []
        while made not in "".join(lines):
            lines.append(stream.readline().decode())
        self.assertTrue(any(line.startswith("id: ") for line in lines))
        connection.close()

    def test_sample_is_the_same_by_seed(self):
        def digest(seed):
            with tempfile.TemporaryDirectory() as folder:
                mandate("sample", "--data", folder, "--scale", "0.001", "--seed", seed)
                import sqlite3
                db = sqlite3.connect(os.path.join(folder, "estate.db"))
                rows = db.execute("SELECT name, serial, uuid, cost FROM device ORDER BY name").fetchall()
                people = db.execute("SELECT name, email FROM person ORDER BY email").fetchall()
                db.close()
                return rows, people
        first = digest("7")
        self.assertEqual(first, digest("7"))
        self.assertNotEqual(first, digest("8"))
        self.assertGreaterEqual(len(first[0]), 60)


if __name__ == "__main__":
    unittest.main()
