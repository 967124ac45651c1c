"""Search over all kinds: six languages, rights and masks, erasing, crashes and torn files; the same on both stores."""
import glob
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from urllib.parse import quote

from support import stores
from support.estate import Estate
from support.server import MANDATE, Client, Server, wait_for


# A kind with a searched field that not everybody who sees its records may read.
DOSSIER = {
    "pack.yaml": "pack: dossier\ntitle: Dossiers\nversion: 1.0\nneeds: [core]\n",
    "roles.yaml": "reader:\n  title: Reader\n  grants: [dossier.read]\n",
    "kinds/dossier.yaml": "kind: dossier\ntitle: Dossier\nplural: Dossiers\nfields:\n  title: {type: text, required: true}\n"
                          "  keywords: {type: text, search: high}\n  note: {type: text, search: true, class: confidential}\n",
}


class Search(Estate):
    @classmethod
    def open(cls):
        cls.packs = tempfile.mkdtemp(prefix="mandate-packs-")
        shutil.copytree(os.path.join(os.path.dirname(__file__), "../../packs"), cls.packs, dirs_exist_ok=True)
        for name, text in DOSSIER.items():
            path = os.path.join(cls.packs, "dossier", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        cls.server = Server(cls.database, options=["--sign-in-rate", "10000", "--packs", cls.packs])
        cls.root = cls.server.administrator()
        cls.home = cls.root.get("/api/entity").json["items"][0]["id"]

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.packs, ignore_errors=True)

    def find(self, words, client=None, **more):
        """The answer once the index has seen everything committed so far."""
        address = "/api/search?query=" + quote(words) + "".join(f"&{k}={quote(str(v))}" for k, v in more.items())

        word = f"marker{self.next_marker()}"
        marker = self.make("tag", name=word)

        def caught_up():
            got = self.root.get(f"/api/search?query=%22{word}%22&kinds=tag")
            return got.status == 200 and got.json["complete"] and [i["id"] for i in got.json["items"]] == [marker]
        wait_for(caught_up)
        got = (client or self.root).get(address)
        self.assertEqual(got.status, 200, got.body)
        return got.json

    marker = 0

    @classmethod
    def next_marker(cls):
        Search.marker += 1
        return Search.marker

    def titles(self, words, client=None, **more):
        return [i.get("title") for i in self.find(words, client, **more)["items"]]

    def test_six_languages(self):
        texts = {
            "人人有受教育的权利": ["教育", "权利", "受教育"],
            "Всеобщее образование и ёмкость": ["образования", "емкость", "ОБРАЗОВАНИЕ"],
            "الحق في التعليم وبحقوق الإنسان": ["تعليم", "حقوق", "الانسان", "التَّعْلِيم"],
            "La liberté de l'éducation": ["liberte", "libertés", "éducation", "EDUCATION"],
            "Protección de los niños": ["nino", "proteccion", "niños"],
            "Universal rights of printers": ["right", "printer", "UNIVERSAL", "univ"],
        }
        for text in texts:
            self.make("task", title=text)
        for text, queries in texts.items():
            for query in queries:
                self.assertIn(text, self.titles(query, kinds="task"), query)

    def test_ranges_are_characters(self):
        self.make("task", title="𝒜 l'éducation des élèves")
        hit = self.find("eleve", kinds="task")["items"][0]
        self.assertEqual(hit["field"], "title")
        self.assertEqual(["".join(list(hit["snippet"])[a:b]) for a, b in hit["ranges"]], ["élèves"])

    def test_query_language(self):
        self.make("document", title="Quarterly budget of Nairobi office", summary="Spending on water pumps and solar panels.")
        self.make("document", title="Annual budget of Geneva office", summary="Spending on solar water heaters.")
        self.assertEqual(len(self.titles("budget solar", kinds="document")), 2)
        self.assertEqual(self.titles("budget -geneva", kinds="document"), ["Quarterly budget of Nairobi office"])
        self.assertEqual(self.titles('"solar panels"', kinds="document"), ["Quarterly budget of Nairobi office"])
        self.assertEqual(self.titles('"panels solar"', kinds="document"), [])
        self.assertEqual(self.titles("quart* offic", kinds="document"), ["Quarterly budget of Nairobi office"])
        misspelt = self.find("nairobu", kinds="document")
        self.assertEqual(([i["title"] for i in misspelt["items"]], misspelt["misspelt"]), (["Quarterly budget of Nairobi office"], True))
        self.assertEqual(self.root.get("/api/search?query=").status, 422)
        self.assertEqual(self.root.get("/api/search?query=-x").status, 400)
        self.assertEqual(self.root.get("/api/search?query=x&kinds=nonsense").status, 422)
        self.assertEqual(self.root.get("/api/search?query=x&after=1-x").status, 422)
        self.assertEqual(self.root.get("/api/search?query=x&query=y").status, 400)
        self.assertEqual(self.root.get("/api/search?query=" + quote("w " * 400)).status, 413)
        self.assertEqual(Client(self.server.address).get("/api/search?query=x").status, 401)

    def test_changes_are_followed(self):
        device = self.make("device", name="wanderer", **{"class": "laptop"})
        self.assertEqual(self.titles("wanderer"), ["wanderer"])
        self.root.patch("/api/device/" + device, {"name": "settler"})
        self.assertEqual(self.titles("wanderer"), [])
        self.assertEqual(self.titles("settler"), ["settler"])
        self.assertEqual(self.root.call("DELETE", f"/api/device/{device}").status, 200)
        self.assertEqual(self.find("settler")["total"], 0)
        self.assertEqual(self.root.post(f"/api/device/{device}/restore").status, 200)
        self.assertEqual(self.find("settler")["total"], 1)

    def test_number_and_facets_and_pages(self):
        other = self.make("entity", name="Facet Office", parent=self.home)
        ids = [self.make("device", name=f"facetto {n}", **{"class": "laptop"}, entity=other if n % 3 else self.home) for n in range(12)]
        self.make("task", title="facetto task")
        number = self.root.get("/api/device/" + ids[5]).json["number"]
        self.assertEqual([i["id"] for i in self.find(number, kinds="device")["items"]], [ids[5]])
        got = self.find("facetto", limit=5)
        self.assertEqual((got["total"], got["exact"]), (13, True))
        self.assertEqual(got["kinds"], [{"kind": "device", "count": 12}, {"kind": "task", "count": 1}])
        self.assertEqual({e["entity"]: e["count"] for e in got["entities"]}, {other: 8, self.home: 5})
        self.assertEqual(self.find("facetto", entity=other)["total"], 8)
        seen, after = [], None
        for _ in range(10):
            page = self.find("facetto", limit=5, **({"after": after} if after else {}))
            seen += [i["id"] for i in page["items"]]
            after = page["next"]
            if not after:
                break
        self.assertEqual(len(seen), 13)
        self.assertEqual(len(set(seen)), 13)

    def test_rights(self):
        """What one may not see is neither found nor counted, and leaves no trace in facets or in the order."""
        here = self.make("entity", name="Visible Office", parent=self.home)
        there = self.make("entity", name="Hidden Office", parent=self.home)
        for n in range(30):
            self.make("device", name=f"quokka {n}", **{"class": "laptop"}, entity=there)
        mine = self.make("device", name="quokka mine", **{"class": "laptop"}, entity=here)
        clerk, _, _ = self.person("Search.Clerk", "asset_manager", here)
        got = self.find("quokka", clerk)
        self.assertEqual((got["total"], [i["id"] for i in got["items"]]), (1, [mine]))
        self.assertEqual(got["entities"], [{"entity": here, "count": 1}])
        moved = self.root.get("/api/device?name=eq.quokka%203").json["items"][0]["id"]
        self.assertEqual(self.root.patch("/api/device/" + moved, {"entity": here}).status, 200)
        self.assertEqual(self.find("quokka", clerk)["total"], 2)

    def test_masks(self):
        """By a field the caller's mask hides nothing is found, excluded, shown or ranked."""
        office = self.make("entity", name="Dossier Office", parent=self.home)
        first = self.make("dossier", title="Alpha matter", keywords="procurement", note="fraud suspected", entity=office)
        self.make("dossier", title="Beta matter", note="nothing found", entity=office)
        reader, _, _ = self.person("Dossier.Reader", "reader", office)
        self.assertEqual([(i["id"], i["field"]) for i in self.find("fraud")["items"]], [(first, "note")])
        for words in ("fraud", "frau", "fruad", '"fraud suspected"', "matter fraud"):
            got = self.find(words, reader)
            self.assertEqual((got["total"], got["items"], got["kinds"]), (0, [], []), words)
        self.assertEqual(len(self.titles("matter -fraud", reader)), 2)
        self.assertEqual(len(self.titles("matter -fraud")), 1)
        self.assertEqual({i["field"] for i in self.find("matter", reader)["items"]}, {"title"})

    def test_high_comes_first(self):
        plain = self.make("dossier", title="Plain", note="zebrafish zebrafish")
        high = self.make("dossier", title="High", keywords="zebrafish")
        self.assertEqual([i["id"] for i in self.find("zebrafish")["items"]], [high, plain])

    def test_command_line(self):
        self.make("task", title="found from the shell")
        self.find("shell")
        environment = dict(os.environ, LANG="C.UTF-8", MANDATE_SERVER="http://" + self.server.address, MANDATE_TOKEN=self.root.token)
        done = subprocess.run([MANDATE, "search", "find", "query=found from the shell", "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=environment, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["items"][0]["title"], "found from the shell")

    def files_hold(self, word):
        return [p for p in glob.glob(os.path.join(self.server.data, "search", "*")) if word in open(p, "rb").read()]

    def test_erased_people_are_forgotten(self):
        person = self.make("person", name="Zbigniewxx Quetzalcoatlus", entity=self.home)
        self.make("person", name="Quetzalcoatlus Remains", entity=self.home)
        self.assertEqual(self.find("zbigniewxx")["total"], 1)
        self.assertTrue(self.files_hold(b"zbigniewxx"))
        self.assertEqual(self.root.post(f"/api/person/{person}/erase").status, 200)
        self.assertEqual(self.find("zbigniewxx")["total"], 0)
        self.assertEqual(self.find("quetzalcoatlus")["total"], 1)
        wait_for(lambda: not self.files_hold(b"zbigniewxx"))

    def restart(self, between=None):
        """Killed; or ended in order, so that the index is on disk, and something done to its files."""
        if between:
            self.assertEqual(self.server.stop(), 0, self.server.errors())
            between()
        else:
            self.server.kill()
        self.server.start()
        for c in (self.root,):
            c.address, c.connection = self.server.address, None

    def test_kill_and_torn_files(self):
        for n in range(40):
            self.make("task", title=f"survivor {n}")
        self.restart()
        self.assertEqual(self.find("survivor")["total"], 40)
        folder = os.path.join(self.server.data, "search")

        def tear(path, how):
            def go():
                size = os.path.getsize(path())
                with open(path(), "r+b") as file:
                    if how == "cut":
                        file.truncate(size // 2)
                    else:
                        file.seek(size // 2)
                        byte = file.read(1)[0]
                        file.seek(size // 2)
                        file.write(bytes([byte ^ 0x55]))
            return go
        biggest = lambda: max(glob.glob(os.path.join(folder, "*.segment")), key=os.path.getsize)
        manifest = lambda: os.path.join(folder, "manifest")
        for path in (biggest, manifest):
            for how in ("cut", "flip"):
                self.restart(tear(path, how))
                self.assertEqual(self.find("survivor")["total"], 40, how)
                self.assertIn("search index is built anew", self.server.errors())
        self.restart(lambda: [os.remove(p) for p in glob.glob(os.path.join(folder, "*"))])
        self.assertEqual(self.find("survivor")["total"], 40)
        self.assertRegex(self.root.get("/metrics").body.decode(), r"mandate_search_lag_entries \d+")


class OnSQLite(stores.SQLite, Search, unittest.TestCase):
    pass


class OnPostgres(stores.PostgreSQL, Search, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
