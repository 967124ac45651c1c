"""The core's figures on one store: the sample organisation, reads, lists, durable creates, followers, memory."""
import http.client
import os
import statistics
import subprocess
import threading
import time

from harness import Served, memory, posting, processor_seconds, say, sync_limit

DEVICE = ("string.format('{{\"name\":\"bench %d\",\"class\":\"laptop\",\"serial\":\"B%d\",\"maker\":\"Bench\","
          "\"mac\":\"06:00:%02x:%02x:%02x:%02x\",\"site\":\"{site}\",\"holder\":\"{holder}\",\"model\":\"{model}\","
          "\"cost\":{{\"amount\":\"1200\",\"currency\":\"USD\"}}}}', m, m, math.floor(m/16777216)%256, math.floor(m/65536)%256, "
          "math.floor(m/256)%256, m%256)")
COLUMNS = "select=name,serial,site,holder,cost,delivered"


def load(mandate, data, scale, sets, database=None):
    """The sample organisation, and a token over all of it."""
    store = ["--db", database] if database else []
    start = time.time()
    subprocess.run([mandate, "sample", "--data", data, "--scale", scale, "--seed", "1", "--sets", sets, *store], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    say(f"the sample organisation at scale {scale}, {sets} package sets", time.time() - start, "s")
    return subprocess.run([mandate, "token", "--data", data, "--name", "bench", *store], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout.strip()


def reads(server, http_alone, seconds, checks, rates):
    device = server.call("GET", "/api/device?class=eq.laptop&limit=1")["items"][0]
    tag = server.call("POST", "/api/tag", {"name": "for reading"})["id"]
    table = [("get by id, a lean record", 64, "/api/tag/" + tag, "reach ≥ 80,000"),
             ("get by id, a device with its 85 fields", 64, "/api/device/" + device["id"], ""),
             ("filtered list of 50, 6 columns", 16, f"/api/device?class=eq.laptop&state=eq.ordered&limit=50&{COLUMNS}", "reach ≥ 8,000"),
             ("facets by class and state with exact count", 2, "/api/device/facets?by=class,state", "reach p99 ≤ 30 ms"),
             ("list of 50 with exact count", 2, f"/api/device?class=eq.laptop&limit=50&count=exact&{COLUMNS}", "reach p99 ≤ 30 ms")]
    for name, connections, path, reach in table:
        used = processor_seconds(server.process.pid)
        rate, p99 = server.wrk(path, connections, seconds)
        rates[name] = rate
        used = (processor_seconds(server.process.pid) - used) / (rate * seconds)
        say(name, rate, "1/s", f"p99 {p99:.1f} ms", f"{rate / http_alone:.2f} of HTTP alone", reach)
        if checks and "lean" in name:
            say("permission checks, row and field, as share of that request", 100 * checks / used, "%", "reach ≤ 15")
    return device


def creates(server, folder, device, seconds, bare, synced, rates):
    for name, kind, body, reach in [
            ("durable creates of a lean kind, 64 connections", "tag", "string.format('{\"name\":\"bench %d\"}', m)", "reach ≥ 30,000"),
            ("durable creates of a device, its links and indexes", "device", DEVICE.format(**device), "reach ≥ 8,000")]:
        rate, p99 = server.wrk("", 64, seconds, posting(folder, kind, "/api/" + kind, body))
        rates[name] = rate
        say(name, rate, "1/s", f"p99 {p99:.1f} ms", f"{rate / bare:.2f} of the bare store", f"{rate / synced:.1f} per fdatasync", reach)


def followers(server, rounds=200):
    """How long after the answer a follower of the change feed hears of a change."""
    feed = http.client.HTTPConnection(server.address, timeout=30)
    feed.request("GET", "/api/changes", headers={"Authorization": "Bearer " + server.token, "Accept": "text/event-stream"})
    answer, heard = feed.getresponse(), {}

    def listen():
        while len(heard) < rounds:
            line = answer.readline()
            if not line:
                return
            if line.startswith(b"data:"):
                heard[len(heard)] = time.perf_counter()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    told = []
    for n in range(rounds):
        server.call("POST", "/api/tag", {"name": f"follow {n} {time.time()}"})
        told.append(time.perf_counter())
        until = time.time() + 5
        while len(heard) <= n and time.time() < until:
            time.sleep(0.0002)
    listener.join(5)
    lags = sorted(1000 * (heard[n] - told[n]) for n in range(len(heard)))
    say("followers of the change feed behind the answer, median", statistics.median(lags), "ms", f"p99 {lags[int(len(lags) * 0.99)]:.1f} ms",
        "below 0: before the caller had read it")


def settled(server):
    """Until the search index, which begins empty beside an estate that was loaded in bulk, has taken all of it in."""
    start = time.time()
    while not server.call("GET", "/api/search?query=laptop").get("complete") and time.time() - start < 300:
        time.sleep(0.2)
    say("until the search index had taken it all in, from nothing", time.time() - start, "s")


def figures(mandate, folder, scale, sets, seconds, bare, checks, database=None):
    """Prints them; answers the rates by name, to be set beside those of others."""
    data = os.path.join(folder, "estate" if not database else "estate-postgres")
    token = load(mandate, data, scale, sets, database)
    server = Served(mandate, data, database)
    server.token = token
    rates = {}
    try:
        say("cold start with the estate", server.cold, "s", "reach ≤ 2")
        settled(server)
        http_alone, _ = server.wrk("/health/live", 64, seconds)
        say("limit: HTTP alone, 64 connections", http_alone, "1/s")
        device = reads(server, http_alone, seconds, checks, rates)
        creates(server, folder, device, seconds, bare, sync_limit(folder), rates)
        followers(server)
        say("memory with the estate, after all this", memory(server.process.pid), "MiB", "reach ≤ 600")
    finally:
        server.stop()
    if not database:
        start = time.time()
        subprocess.run([mandate, "verify", "--data", data], check=True, stdout=subprocess.DEVNULL)
        say("mandate verify of it all", time.time() - start, "s")
    return rates
