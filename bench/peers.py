"""Programs of others at the same work, in the same run, on the same machine: as far as they can be had here.

PocketBase (Go, SQLite): collections with the same fields that the work touches and as many indexes, rules that ask for a
signed-in user. It keeps no history and no log, and commits without waiting for the disk (synchronous = NORMAL)."""
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

from harness import posting, say, wrk

POCKETBASE = "github.com/pocketbase/pocketbase/examples/base@v0.22.21"
PASSWORD = "only-for-this-run"


def pocketbase_program():
    """Built once by Go from its module; None when that cannot be."""
    kept = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "mandate-bench")
    program = os.path.join(kept, "base")
    if os.path.exists(program):
        return program
    if not shutil.which("go"):
        return None
    os.makedirs(kept, exist_ok=True)
    done = subprocess.run(["go", "install", POCKETBASE], env=dict(os.environ, GOBIN=kept), cwd=kept,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900)
    return program if done.returncode == 0 and os.path.exists(program) else None


def ask(base, method, path, body=None, token=""):
    request = urllib.request.Request(base + path, json.dumps(body).encode() if body is not None else None, method=method,
                                     headers={"Content-Type": "application/json", "Authorization": token})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"{}")


def text(name, **more):
    return dict({"name": name, "type": "text"}, **more)


SIGNED_IN = '@request.auth.id != ""'
DEVICE_FIELDS = ["name", "class", "state", "serial", "maker", "mac", "site", "holder", "model", "entity", "cost"]
DEVICE_INDEXED = ["serial", "mac", "site", "holder", "model", "entity", "name", "class, state"]


def collection(name, fields, indexes):
    rules = {rule: SIGNED_IN for rule in ("listRule", "viewRule", "createRule", "updateRule")}
    return dict(rules, name=name, type="base", schema=[text(f) for f in fields],
                indexes=[f"CREATE INDEX {name}_{n} ON {name} ({columns})" for n, columns in enumerate(indexes)])


def fill(folder, count):
    db = sqlite3.connect(os.path.join(folder, "data.db"))
    columns = ", ".join(["id"] + [f'"{f}"' for f in DEVICE_FIELDS])
    rows = ((f"d{n:014d}", f"FB-{n}", "laptop" if n % 3 else "server", "ordered" if n % 5 == 0 else "in_use", f"SN{n:010d}", "Contour",
             f"02:00:00:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", f"s{n % 500}", f"p{n % 40000}", f"m{n % 200}", f"e{n % 60}", "1200")
            for n in range(count))
    db.executemany(f"INSERT INTO device ({columns}) VALUES ({', '.join('?' * (len(DEVICE_FIELDS) + 1))})", rows)
    db.commit()
    db.close()


class PocketBase:
    def __init__(self, program, folder):
        self.program, self.folder = program, os.path.join(folder, "pocketbase")
        for command in (["migrate", "up"], ["admin", "create", "bench@example.org", PASSWORD]):
            subprocess.run([program, *command, "--dir", self.folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.process = subprocess.Popen([self.program, "serve", "--http", self.base[7:], "--dir", self.folder], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                return ask(self.base, "GET", "/api/health")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        raise RuntimeError("it does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def prepare(self, devices):
        self.start()
        admin = ask(self.base, "POST", "/api/admins/auth-with-password", {"identity": "bench@example.org", "password": PASSWORD})["token"]
        ask(self.base, "POST", "/api/collections", collection("tag", ["name", "colour", "description"], ["name", "colour", "created"]), admin)
        ask(self.base, "POST", "/api/collections", collection("device", DEVICE_FIELDS, DEVICE_INDEXED), admin)
        ask(self.base, "POST", "/api/collections/users/records",
            {"username": "bench", "password": PASSWORD, "passwordConfirm": PASSWORD}, admin)
        self.stop()
        fill(self.folder, devices)
        self.start()
        self.token = ask(self.base, "POST", "/api/collections/users/auth-with-password",
                         {"identity": "bench", "password": PASSWORD})["token"]


def pocketbase_figures(peer, folder, seconds, ours):
    records = "/api/collections/{}/records"
    device, tag = records.format("device"), records.format("tag")
    made = ask(peer.base, "POST", tag, {"name": "for reading"}, peer.token)["id"]
    filtered = "filter=(class='laptop'%26%26state='ordered')&perPage=50&fields=id,name,serial,site,holder,cost"
    body = ("string.format('{\"name\":\"bench %d\",\"class\":\"laptop\",\"state\":\"ordered\",\"serial\":\"B%d\",\"maker\":\"Bench\",\"mac\":\"06:%d\","
            "\"site\":\"s1\",\"holder\":\"p1\",\"model\":\"m1\",\"entity\":\"e1\",\"cost\":\"1200\"}', m, m, m)")
    work = [("get by id, a lean record", 64, f"{tag}/{made}", None),
            ("filtered list of 50, 6 columns", 16, f"{device}?{filtered}&skipTotal=1", None),
            ("list of 50 with exact count", 2, f"{device}?filter=(class='laptop')&perPage=50&fields=id,name,serial,site,holder,cost", None),
            ("durable creates of a lean kind, 64 connections", 64, "", posting(folder, "pb-tag", tag, "string.format('{\"name\":\"bench %d\"}', m)")),
            ("durable creates of a device, its links and indexes", 64, "", posting(folder, "pb-device", device, body))]
    for name, connections, path, script in work:
        rate, p99 = wrk(peer.base + path, peer.token, connections, seconds, script)
        say(name, rate, "1/s", f"p99 {p99:.1f} ms", f"Mandate: {ours[name] / rate:.1f} times as many")


def figures(folder, scale, seconds, ours):
    program = pocketbase_program()
    if not program:
        print("peer PocketBase: skipped, Go is not here or cannot fetch it")
        return
    peer = PocketBase(program, folder)
    peer.prepare(int(120000 * float(scale)))
    try:
        pocketbase_figures(peer, folder, seconds, ours)
    finally:
        peer.stop()
