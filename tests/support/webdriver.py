"""A real, headless Chromium through chromedriver (W3C WebDriver), standard library only."""
import base64
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--window-size=1280,900"]


def missing():
    return [name for name in ("chromium", "chromedriver") if not shutil.which(name)]


class Browser:
    def __init__(self, lang="en"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.profile = tempfile.mkdtemp(prefix="mandate-chromium-")
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        options = {"binary": shutil.which("chromium"), "args": FLAGS + [f"--user-data-dir={self.profile}", f"--lang={lang}"]}
        got = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options,
                                                                              "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = "/session/" + got["sessionId"]

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        value = json.loads(connection.getresponse().read())["value"]
        if isinstance(value, dict) and value.get("error"):
            raise AssertionError(value["message"])
        return value

    def open(self, url):
        self.send("POST", self.session + "/url", {"url": url})

    def run(self, script, *arguments):
        return self.send("POST", self.session + "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments, seconds=15):
        end = time.time() + seconds
        while time.time() < end:
            got = self.run(script, *arguments)
            if got:
                return got
            time.sleep(0.1)
        raise AssertionError("not in time: " + script + "\n" + self.run("return document.body.innerText"))

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("GET", self.session + "/screenshot")))

    def log(self, kind):
        return self.send("POST", self.session + "/se/log", {"type": kind})

    def close(self):
        try:
            self.send("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)
