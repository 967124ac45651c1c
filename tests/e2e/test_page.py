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
        browser.run("document.querySelector('main input').value = 'a long enough pass phrase'; document.querySelector('main form').requestSubmit()")
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
        browser.run("document.querySelector('main button.act').click()")
        browser.until("return document.querySelectorAll('tbody tr').length === 11")

        browser.run("document.querySelector('tbody a').click()")
        browser.until("return document.querySelector('h2') && document.querySelector('dl').textContent.includes('Laptop')")
        self.picture("record")
        browser.run("[...document.querySelectorAll('main button.act')].find(b => b.textContent === 'Receive').click()")
        browser.until("return document.querySelector('dl').textContent.includes('In stock')")

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
        browser.send("POST", browser.session + "/window/rect", {"width": 360, "height": 740})
        browser.open(f"{self.base}/#/site")
        browser.until("return document.querySelector('tbody tr')")
        self.assertLessEqual(browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
        self.picture("narrow")


if __name__ == "__main__":
    unittest.main()
