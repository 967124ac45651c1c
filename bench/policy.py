"""Policies over the whole estate: 200 of them from cold, one changed device, what enforcing ones cost a create; beside each what
bare SQLite needs for the same conditions."""
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time

from estate import DEVICE
from harness import Served, posting, processor_seconds, say

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CLASSES = ("laptop", "desktop", "server", "mobile", "network", "printer", "monitor", "tablet")


def conditions(count):
    """As policies have them: a class and a state, dates, numbers, what is missing, texts; few records out of line."""
    shapes = (lambda n: f"class = '{CLASSES[n % 8]}' AND state = 'in_use' AND days_between(delivered, today()) > {2190 + n}",
              lambda n: f"class = '{CLASSES[n % 8]}' AND warranty_until < delivered AND fault_count > {n}",
              lambda n: f"state = 'in_use' AND os_name = 'System {n}' AND encryption = 'none'",
              lambda n: f"memory < {n} AND class IN ('laptop', 'desktop') AND state <> 'disposed'",
              lambda n: f"state = 'in_use' AND holder IS NULL AND site IS NULL AND criticality = 'high' AND battery_health < {n}")
    return [shapes[n % len(shapes)](n) for n in range(count)]


def bare(condition, today):
    """The same for a table of SQLite's own; dates are days."""
    return re.sub(r"days_between\((\w+), today\(\)\)", rf"({today} - \1)", condition)


def packs(policies):
    folder = tempfile.mkdtemp(prefix="mandate-packs-")
    for name in ("core", "governance", "assets"):
        shutil.copytree(os.path.join(ROOT, "packs", name), os.path.join(folder, name), ignore=shutil.ignore_patterns("policies"))
    os.makedirs(os.path.join(folder, "assets/policies"))
    for n, (mode, condition) in enumerate(policies):
        with open(os.path.join(folder, f"assets/policies/p{n}.sql"), "w") as file:
            file.write(f"-- title: Policy {n}\n-- about: device\n-- mode: {mode}\nSELECT id FROM device WHERE {condition}\n")
    return folder


def served(mandate, data, token, policies):
    folder = packs(policies)
    server = Served(mandate, data, options=["--packs", folder])
    server.token, server.packs = token, folder
    return server


def gone(server):
    server.stop()
    shutil.rmtree(server.packs)


def judged(server):
    items = []
    while not items or not all("judged" in i for i in items):
        time.sleep(0.05)
        items = server.call("GET", "/api/policy-status")["items"]
    return items


def from_cold(mandate, data, token, count=200):
    made = conditions(count)
    server = served(mandate, data, token, [("report", c) for c in made])
    try:
        took = sum(i["took"] for i in judged(server)) / 1e6
    finally:
        gone(server)
    db, today = sqlite3.connect(f"file:{data}/estate.db?mode=ro", uri=True), int(time.time() // 86400)
    start = time.time()
    for condition in made:
        db.execute(f"SELECT count(*) FROM device WHERE archived IS NULL AND {bare(condition, today)}").fetchone()
    alone = time.time() - start
    say(f"{count} policies over all devices, from cold", took, "s", "reach ≤ 2", f"{took / alone:.2f} of bare SQLite, one after the other")


def one_change(mandate, data, token, rounds=50):
    made = conditions(200)[:199] + ["serial = 'OUT OF LINE'"]
    server = served(mandate, data, token, [("report", c) for c in made])
    try:
        judged(server)
        device = server.call("POST", "/api/device", {"name": "bench", "class": "laptop"})["id"]
        policy = server.call("GET", "/api/policy?name=eq.p199")["items"][0]["id"]
        lags = []
        for n in range(rounds):
            server.call("PATCH", f"/api/device/{device}", {"serial": "OUT OF LINE" if n % 2 == 0 else "fine"})
            start = time.time()
            while server.call("GET", f"/api/finding/count?policy=eq.{policy}&about=eq.{device}&state=eq.open")["count"] != (n + 1) % 2:
                pass
            lags.append(1000 * (time.time() - start))
        lags.sort()
        say("one device changed, 200 policies: until its finding is there, median", lags[len(lags) // 2], "ms", f"p99 {lags[-1]:.0f} ms", "reach ≤ 5")
    finally:
        gone(server)


def enforcing(mandate, data, token, folder, seconds):
    """In processor time a create, in turns: rates of two runs differ by more than this costs."""
    used = {"report": [], "enforce": []}
    for mode in ("report", "enforce") * 3:
        server = served(mandate, data, token, [(mode, c) for c in conditions(20)])
        try:
            judged(server)
            device = server.call("GET", "/api/device?class=eq.laptop&site=not.is.null&holder=not.is.null&limit=1")["items"][0]
            before = processor_seconds(server.process.pid)
            rate, _ = server.wrk("", 64, seconds, posting(folder, "device", "/api/device", DEVICE.format(**device)))
            used[mode].append((processor_seconds(server.process.pid) - before) / (rate * seconds))
        finally:
            gone(server)
    report, enforce = (statistics.median(used[mode]) for mode in ("report", "enforce"))
    say("20 enforcing policies: what they add to the create of a device", 100 * (enforce / report - 1), "%", "reach ≤ 10",
        f"{1e6 * report:.0f} µs of a processor without")


def figures(mandate, data, folder, seconds):
    token = subprocess.run([mandate, "token", "--data", data, "--name", "policies"], check=True, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True).stdout.strip()
    from_cold(mandate, data, token)
    one_change(mandate, data, token)
    enforcing(mandate, data, token, folder, seconds)
