"""The page in a real browser: sign in by link, set a password, lists, a record, a form with its errors, six languages."""
import json
import os
import unittest

from support.server import Client, Server
from support.webdriver import Browser, missing


@unittest.skipIf(missing(), "not installed: " + " ".join(missing()))
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        root = cls.server.administrator()
        home = root.get("/api/entity").json["items"][0]["id"]
        site = root.post("/api/site", {"name": "Nairobi", "country": "KE"}).json["id"]
        for n in range(60):
            root.post("/api/device", {"name": f"Book {n:02}", "class": "laptop", "site": site, "serial": f"S{n}",
                                      "cost": {"amount": "1200", "currency": "USD"}})
        root.post("/api/device", {"name": "<img src=x onerror=document.title='broken'>", "class": "other"})
        person = root.get("/api/session").json["person"]
        account = root.get("/api/account").json["items"][0]["id"]
        cls.link = root.post(f"/api/account/{account}/link").json["secret"]
        cls.root, cls.base, cls.home, cls.person = root, "http://" + cls.server.address, home, person
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        status = cls.server.stop()
        cls.server.remove()
        assert status == 0

    def heading(self, text):
        self.browser.until("return document.querySelector('h1') && document.querySelector('h1').textContent === arguments[0]", text)

    def picture(self, name):
        if os.environ.get("PICTURES"):
            self.browser.picture(os.path.join(os.environ["PICTURES"], name + ".png"))

    def test_a_walk(self):
        browser = self.browser
        browser.open(f"{self.base}/#link={self.link}")
        self.heading("Set password")
        self.assertNotIn(self.link, browser.run("return location.href"))
        browser.run("document.querySelector('main input[type=password]').value = 'a long enough pass phrase'; document.querySelector('main form').requestSubmit()")
        browser.until("return document.querySelector('main').textContent.includes('You are signed in')")
        self.picture("home")

        browser.open(f"{self.base}/#/device")
        self.heading("Devices")
        self.assertEqual(browser.until("return document.querySelectorAll('tbody tr').length"), 50)
        self.assertIn("61", browser.run("return document.querySelector('caption').textContent"))
        self.assertIn("Nairobi", browser.run("return document.querySelector('tbody').textContent"))
        self.picture("list")
        browser.run("[...document.querySelectorAll('th button')][1].click()")
        browser.until("return document.querySelector('th[aria-sort]')")
        browser.until("return document.querySelector('tbody tr').textContent.includes('<img')")
        self.assertNotEqual(browser.run("return document.title"), "broken")
        browser.run("document.getElementById('next').click()")
        browser.until("return document.querySelectorAll('tbody tr').length === 11")
        browser.run("history.back()")
        browser.until("return document.querySelectorAll('tbody tr').length === 50")
        browser.run("document.getElementById('next').click()")
        browser.until("return document.querySelectorAll('tbody tr').length === 11")

        browser.run("document.querySelector('tbody a').click()")
        browser.until("return document.querySelector('h2') && document.querySelector('dl').textContent.includes('Laptop')")
        browser.run("document.getElementById('do-receive').click()")
        browser.until("return document.querySelector('dl').textContent.includes('In stock')")
        browser.until("return document.querySelector('.history').textContent.includes('In stock')")
        self.picture("record")

    def test_ab_filters_stay(self):
        browser = self.browser
        browser.open(f"{self.base}/#/device")
        self.heading("Devices")
        browser.until("return document.getElementById('facet-class')")
        self.assertIn("Laptop (60)", browser.run("return document.getElementById('facet-class').textContent"))
        browser.run("const box = document.getElementById('facet-class'); box.value = 'eq.other'; box.dispatchEvent(new Event('change'))")
        browser.until("return document.querySelectorAll('tbody tr').length === 1")
        browser.run("document.getElementById('find').value = 'half typ'; document.getElementById('find').focus()")
        self.root.post("/api/device", {"name": "another", "class": "other"})
        browser.until("return document.querySelectorAll('tbody tr').length === 2")
        self.assertEqual(browser.run("return [document.activeElement.id, document.getElementById('find').value]"), ["find", "half typ"])

    def test_ac_links_steps_with_evidence(self):
        browser = self.browser
        site = self.root.get("/api/site").json["items"][0]["id"]
        browser.open(f"{self.base}/#/site/{site}")
        self.heading("Nairobi")
        self.assertIn("Book 59", browser.run("return document.querySelector('main section').textContent"))
        device = self.root.get("/api/device?name=eq.Book%2001").json["items"][0]["id"]
        for step in ("receive", "report_lost", "write_off"):
            got = self.root.post(f"/api/device/{device}/{step}")
            self.assertLess(got.status, 300, got.body)
        browser.open(f"{self.base}/#/device/{device}")
        self.heading("Book 01")
        browser.run("[...document.querySelectorAll('main a')].find(a => a.getAttribute('href').endsWith('/close')).click()")
        self.heading("Close as never recovered")
        browser.run("document.querySelector('main form').requestSubmit()")
        browser.until("return document.querySelector('main form .error').textContent.length > 0")

    def test_ad_findings_and_their_records(self):
        browser = self.browser
        device = self.root.get("/api/device?name=eq.Book%2005").json["items"][0]["id"]
        finding = self.root.post("/api/finding", {"title": "Not labelled", "source": "audit", "about": device, "about_kind": "device"}).json["id"]
        browser.open(f"{self.base}/#/finding/{finding}")
        self.heading("Not labelled")
        browser.run("[...document.querySelectorAll('main dl a')].find(a => a.getAttribute('href') === arguments[0]).click()", f"#/device/{device}")
        self.heading("Book 05")
        browser.until("return [...document.querySelectorAll('main section a')].some(a => a.getAttribute('href') === arguments[0])", f"#/finding/{finding}")
        self.picture("device_with_finding")

    def test_ad_history_of_digests(self):
        browser = self.browser
        device = self.root.get("/api/device?name=eq.Book%2003").json["items"][0]["id"]
        got = self.root.patch(f"/api/device/{device}", {"last_boot": "2026-01-02T03:04:05Z"})
        self.assertEqual(got.status, 200, got.body)
        browser.open(f"{self.base}/#/device/{device}")
        self.heading("Book 03")
        self.assertIn("only a digest is kept", browser.run("return document.querySelector('.history').textContent"))

    def test_b_form(self):
        browser = self.browser
        browser.open(f"{self.base}/#/tag/new")
        browser.until("return document.getElementById('f-name')")
        browser.run("document.querySelector('main form').requestSubmit()")
        browser.until("return document.getElementById('e-name').textContent.length > 0")
        self.picture("form")
        browser.run("document.getElementById('f-name').value = 'by hand'; document.querySelector('main form').requestSubmit()")
        self.heading("by hand")
        self.assertEqual(self.root.get("/api/tag/count?name=eq.by%20hand").json["count"], 1)

    def test_bb_form_references(self):
        browser = self.browser
        device = self.root.get("/api/device?name=eq.Book%2002").json["items"][0]["id"]
        tag = self.root.post("/api/tag", {"name": "picked"}).json["id"]
        browser.open(f"{self.base}/#/device/{device}/edit")
        browser.until("return document.getElementById('f-tags')")
        self.assertEqual(browser.run("return document.getElementById('f-site').value"), "Nairobi")
        browser.run("const box = document.getElementById('f-tags'); box.value = 'pick'; box.dispatchEvent(new Event('input'))")
        browser.until("return document.querySelector('#f-tags-offers option')")
        browser.run("const box = document.getElementById('f-tags'); box.value = 'picked'; box.dispatchEvent(new Event('change'))")
        browser.until("return document.querySelector('.chosen').textContent.includes('picked')")
        browser.run("document.getElementById('f-ordered').value = '2026-02-03';"
                    "document.querySelector('main form').requestSubmit()")
        self.heading("Book 02")
        now = self.root.get(f"/api/device/{device}").json
        self.assertEqual((now["tags"], now["ordered"], now["cost"]["amount"]), ([tag], "2026-02-03", "1200.00"))

    def test_c_live(self):
        browser = self.browser
        browser.open(f"{self.base}/#/task")
        self.heading("Tasks")
        browser.until("return document.querySelector('caption')")
        self.root.post("/api/task", {"title": "appears by itself"})
        browser.until("return document.querySelector('tbody').textContent.includes('appears by itself')")

    def test_d_languages(self):
        browser = self.browser
        browser.open(f"{self.base}/#/device")
        browser.until("return document.querySelector('tbody tr')")
        heading = lambda: browser.run("return document.querySelector('h1').textContent")
        english = heading()
        seen = {english}
        for tag in ("ar", "zh", "fr", "ru", "es"):
            browser.run("document.querySelector(`#languages button[lang=${arguments[0]}]`).click()", tag)
            browser.until("return document.documentElement.lang === arguments[0] && document.querySelector('tbody tr')", tag)
            browser.until("return !arguments[0].includes(document.querySelector('h1').textContent)", list(seen))
            seen.add(heading())
            self.assertEqual(browser.run("return getComputedStyle(document.body).direction"), "rtl" if tag == "ar" else "ltr")
            if tag in ("ar", "zh"):
                self.picture("list-" + tag)
        browser.run("document.querySelector('#languages button[lang=en]').click()")
        self.heading(english)
        self.assertEqual(browser.run("return getComputedStyle(document.body).direction"), "ltr")
        self.assertEqual(len(seen), 6)

    def test_da_controls_have_names(self):
        browser = self.browser
        for place in ("device", "device/new", "tag/new", "entity"):
            browser.open(f"{self.base}/#/{place}")
            browser.until("return document.querySelector('tbody tr') || document.querySelector('.fields')")
            nameless = browser.run("return [...document.querySelectorAll('a, button, input, select, textarea')].filter(e => "
                                   "!(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length))).map(e => e.outerHTML)")
            self.assertEqual(nameless, [], place)
            twice = browser.run("const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i)")
            self.assertEqual(twice, [], place)

    def test_e_nothing_foreign_and_no_errors(self):
        hosts, errors = set(), []
        for entry in self.browser.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if url.startswith("http"):
                    hosts.add(url.split("/")[2])
        for entry in self.browser.log("browser"):
            if entry["level"] == "SEVERE" and "status of 4" not in entry["message"]:
                errors.append(entry["message"])
        self.assertEqual(hosts, {self.server.address})
        self.assertEqual(errors, [])

    def test_f_narrow(self):
        browser = self.browser
        browser.send("POST", browser.session + "/window/rect", {"width": 320, "height": 740})
        browser.open(f"{self.base}/#/site")
        browser.until("return document.querySelector('tbody tr')")
        self.assertLessEqual(browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
        self.picture("narrow")


if __name__ == "__main__":
    unittest.main()
