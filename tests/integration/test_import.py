"""Files become records: staged with what would happen row by row, applied in chunks, gone on after kill -9; on both stores."""
import base64
import csv
import io
import unittest

from support import stores
from support.estate import Estate
from support.server import Server

COUNTS = ("create", "change", "unchanged", "conflict", "error")


def table(*rows, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


class Imports(Estate):
    def stage(self, text, client=None, **more):
        got = (client or self.root).post("/api/import/stage", {"text": text, **more})
        self.assertEqual(got.status, 200, got.body)
        return got.json

    def apply(self, staged):
        calls = []
        while not calls or calls[-1]["left"]:
            got = self.root.post("/api/import/apply", {"import": staged["import"]})
            self.assertEqual(got.status, 200, got.body)
            calls.append(got.json)
        return calls

    def preview(self, staged, **more):
        got = self.root.post("/api/import/preview", {"import": staged["import"], **more})
        self.assertEqual(got.status, 200, got.body)
        return got.json

    def counts(self, answer):
        return {name: answer[name] for name in COUNTS if answer[name]}

    def leaves(self):
        return self.root.get("/api/journal/head").json

    def test_create_change_unchanged_error(self):
        self.make("manufacturer", name="Known", country="KE")
        self.make("manufacturer", name="Same", country="KE")
        staged = self.stage(table(["name", "country", "support_email"], ["Known", "UG", ""], ["Same", "KE", ""],
                                  ["Fresh", "TZ", "a@example.org"], ["Wrong", "??", "nonsense"], ["", "KE", ""]), kind="manufacturer")
        self.assertEqual(self.counts(staged), {"create": 1, "change": 1, "unchanged": 1, "error": 2})
        self.assertEqual(self.root.get("/api/manufacturer?name=eq.Fresh").json["items"], [], "staging changes nothing")
        rows = self.preview(staged)["rows"]
        self.assertEqual([(r["line"], r["outcome"]) for r in rows],
                         [(2, "change"), (3, "unchanged"), (4, "create"), (5, "error"), (6, "error")])
        self.assertEqual(rows[0]["detail"], {"country": ["KE", "UG"]})
        self.assertEqual({d["column"] for d in rows[3]["detail"]}, {"country", "support_email"})
        self.assertEqual(rows[4]["detail"][0]["column"], "name")
        self.assertEqual([r["line"] for r in self.preview(staged, outcome="error", after=5)["rows"]], [6])
        self.assertEqual(self.counts(self.apply(staged)[0]), {"create": 1, "change": 1})
        got = {m["name"]: m for m in self.root.get("/api/manufacturer?name=in.(Known,Same,Fresh,Wrong)").json["items"]}
        self.assertEqual({n: (m["country"], m["version"]) for n, m in got.items()},
                         {"Known": ("UG", 2), "Same": ("KE", 1), "Fresh": ("TZ", 1)})
        history = self.root.get(f"/api/manufacturer/{got['Known']['id']}/history").json["items"][0]
        self.assertEqual(history["operation"], "import.apply")
        self.assertEqual(self.root.post("/api/import/apply", {"import": staged["import"]}).status, 409)

    def test_same_thing_twice_in_a_file(self):
        staged = self.stage(table(["name", "country"], ["Twice", "KE"], ["Twice", "UG"], ["Twice", "UG"]), kind="manufacturer")
        self.assertEqual(self.counts(staged), {"create": 1, "change": 1, "unchanged": 1})
        self.apply(staged)
        [got] = self.root.get("/api/manufacturer?name=eq.Twice").json["items"]
        self.assertEqual((got["country"], got["version"]), ("UG", 2))

    def test_what_changed_since_is_a_conflict(self):
        old = self.make("manufacturer", name="Moving", country="KE")
        staged = self.stage(table(["name", "country"], ["Moving", "UG"], ["Raced", "KE"]), kind="manufacturer")
        self.root.patch("/api/manufacturer/" + old, {"country": "TZ"})
        self.make("manufacturer", name="Raced")
        self.assertEqual(self.counts(self.apply(staged)[0]), {"conflict": 2})
        self.assertEqual(self.root.get("/api/manufacturer/" + old).json["country"], "TZ")
        self.assertEqual(len(self.preview(staged, outcome="conflict")["rows"]), 2)

    def test_columns_are_guessed_in_six_languages(self):
        titles = {}
        for lang in ("en", "ar", "zh", "fr", "ru", "es"):
            kinds = self.root.get("/api/meta", headers={"Accept-Language": lang}).json["kinds"]
            [kind] = [k for k in kinds if k["name"] == "manufacturer"]
            titles[lang] = {f["name"]: f["title"] for f in kind["fields"]}
        self.assertGreater(len({t["country"] for t in titles.values()}), 4)
        for lang, names in titles.items():
            staged = self.stage(table([names["name"], names["country"], "?!"], [f"In {lang}", "KE", "x"], delimiter=";"), kind="manufacturer")
            self.assertEqual([c["field"] for c in staged["columns"]], ["name", "country", None], lang)
            self.assertEqual(staged["create"], 1)
        told = self.stage(table(["A", "country"], ["By mapping", "KE"]), kind="manufacturer", mapping={"A": "name", "country": None})
        self.assertEqual([(c["field"], c["by"]) for c in told["columns"]], [("name", "given"), (None, "given")])

    def test_encodings(self):
        text = table(["name", "country"], ["Électricité", "FR"])
        for encoding, named in (("utf-8-sig", None), ("utf-16", None), ("cp1252", "windows-1252")):
            data = base64.b64encode(text.encode(encoding)).decode()
            got = self.root.post("/api/import/stage", {"kind": "manufacturer", "data": data, **({"encoding": named} if named else {})})
            self.assertEqual((got.status, got.json.get("create")), (200, 1), got.body)
            self.assertEqual(self.root.post("/api/import/cancel", {"import": got.json["import"]}).status, 200)
        broken = self.root.post("/api/import/stage", {"kind": "manufacturer", "data": base64.b64encode(text.encode("cp1252")).decode()})
        self.assertEqual(broken.status, 400, broken.body)
        self.assertIn("encoding", broken.json["detail"])

    def test_bad_files_are_refused_whole(self):
        for text, words in (("name\n\"open", "never closed"), ("name\na,b\n", "more cells"), (",".join(["x"] * 2000), "1,000 columns"),
                            ("nothing,known\n1,2\n", "No column"), ("name,Name\na,b\n", "same field")):
            got = self.root.post("/api/import/stage", {"kind": "manufacturer", "text": text})
            self.assertGreaterEqual(got.status, 400, text)
            self.assertIn(words, got.body.decode() if isinstance(got.body, bytes) else got.body)

    def test_chunks_of_a_large_file(self):
        rows = [[f"Bulk {n:05}", "KE"] for n in range(2500)]
        first = self.stage(table(["name", "country"], *rows[:1500]), kind="manufacturer")
        second = self.stage(table(*rows[1500:]), **{"import": first["import"]})
        self.assertEqual((first["create"], second["create"]), (1500, 1000))
        self.assertEqual(self.preview(first, after=2500, limit=10)["rows"][0]["line"], 2501)
        self.assertEqual([c["create"] for c in self.apply(first)], [1000, 1000, 500])
        self.assertEqual(self.root.get("/api/manufacturer/count?name=like.Bulk*").json["count"], 2500)

    def test_an_import_is_its_authors_own_and_has_their_rights(self):
        other, _, _ = self.person("Importer", None)
        mine = self.stage(table(["name"], ["Mine"]), kind="manufacturer")
        for verb in ("preview", "apply", "cancel"):
            self.assertEqual(other.post("/api/import/" + verb, {"import": mine["import"]}).status, 404)
        theirs = self.stage(table(["name"], ["Theirs"]), client=other, kind="manufacturer")
        self.assertEqual(self.counts(theirs), {"error": 1})

    def test_killed_between_chunks(self):
        rows = [[f"Survivor {n:05}", "KE"] for n in range(2200)]
        staged = self.stage(table(["name", "country"], *rows), kind="manufacturer")
        self.root.post("/api/import/apply", {"import": staged["import"]})
        self.server.kill()
        self.server.start()
        self.root.address, self.root.connection = self.server.address, None
        self.assertEqual([c["create"] for c in self.apply(staged)], [1000, 200])
        self.assertEqual(self.root.get("/api/manufacturer/count?name=like.Survivor*").json["count"], 2200)


class OnSQLite(stores.SQLite, Imports, unittest.TestCase):
    pass


class OnPostgres(stores.PostgreSQL, Imports, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
