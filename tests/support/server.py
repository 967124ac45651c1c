"""A real server on a free port in a temporary folder, and a small client; standard library only."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

MANDATE = os.environ.get("MANDATE", os.path.join(os.path.dirname(__file__), "../../build/mandate"))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    def __init__(self, address, token=None):
        self.address, self.token, self.connection = address, token, None

    def call(self, method, path, body=None, headers=None, raw=None):
        sent = {"Content-Type": "application/json"} if body is not None or raw is not None else {}
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        sent.update(headers or {})
        data = raw if raw is not None else json.dumps(body) if body is not None else None
        for attempt in (1, 2):
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection(self.address, timeout=60)
                self.connection.request(method, path, data, sent)
                got = self.connection.getresponse()
                return Answer(got.status, got.headers, got.read())
            except (http.client.HTTPException, ConnectionError, OSError):
                self.connection = None
                if attempt == 2:
                    raise

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, {} if body is None and "raw" not in more else body, **more)

    def patch(self, path, body, **more):
        return self.call("PATCH", path, body, **more)


class Server:
    """`database`: a postgres:// address, or None for SQLite. `data`: a folder to go on with."""

    def __init__(self, database=None, data=None, options=(), environment=None, command=None):
        self.own = data is None
        self.data = data or tempfile.mkdtemp(prefix="mandate-test-")
        self.arguments = (command or [MANDATE]) + ["serve", "--data", self.data, "--listen", "127.0.0.1:0", *options]
        if database:
            self.arguments += ["--db", database]
        self.environment = dict(os.environ, LANG="C.UTF-8", **(environment or {}))
        self.link = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.data, "server.log"), "ab")
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, stderr=self.log, env=self.environment, text=True)
        line = self.process.stdout.readline()
        match = re.search(r"https?://(\S+)", line)
        if not match:
            self.process.wait()
            raise AssertionError("the server did not start: " + self.errors())
        self.address = match.group(1)

    def first_link(self):
        if not self.link:
            line = self.process.stdout.readline()
            self.link = re.search(r"#link=(\S+)", line).group(1)
        return self.link

    def administrator(self):
        got = Client(self.address).post("/api/access_token/link", {"link": self.first_link(), "name": "test"})
        assert got.status == 201, got.body
        return Client(self.address, got.json["secret"])

    def client(self, token=None):
        return Client(self.address, token)

    def errors(self):
        with open(os.path.join(self.data, "server.log"), errors="replace") as file:
            return file.read()[-4000:]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def stop(self):
        """Ends it in order; a leak or a sanitizer's finding is an exit status other than 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode

    def remove(self):
        if self.process.poll() is None:
            self.kill()
        if self.own:
            shutil.rmtree(self.data, ignore_errors=True)


def mandate(*arguments, check=True, environment=None, text_in=None):
    done = subprocess.run([MANDATE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, input=text_in, timeout=600,
                          env=dict(os.environ, LANG="C.UTF-8", **(environment or {})))
    if check and done.returncode:
        raise AssertionError(f"mandate {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def wait_for(condition, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError("it did not come about in time")
