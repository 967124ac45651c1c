"""What every measurement needs: a served estate, wrk, limits of the machine measured in the same run, and lines of results."""
import http.client
import json
import os
import re
import sqlite3
import statistics
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build-bench")


def say(name, value, unit, *beside):
    number = f"{value:.0f}" if isinstance(value, (int, float)) and value >= 100 else f"{value:.2f}" if isinstance(value, float) else value
    print(f"{name:62} {number:>10} {unit:8} {'   '.join(beside)}", flush=True)


def heading(text):
    print(f"\n{text}", flush=True)


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, ROOT, "-Dbuildtype=release"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "--quiet"], check=True)
    return os.path.join(BUILD, "src/app/mandate")


# --- limits -----------------------------------------------------------------------------------------------------

def sync_limit(folder):
    """How often a small append can be made durable, one after the other: median of a second."""
    times = []
    with open(os.path.join(folder, "probe"), "wb") as file:
        end = time.time() + 1.0
        while time.time() < end:
            start = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return 1 / statistics.median(times)


def sqlite_limit(folder, group):
    """Bare SQLite, the same durability: rows a second in a table with three indexes, so many a commit."""
    db = sqlite3.connect(os.path.join(folder, f"bare-{group}.db"), isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT)")
    for column in "abc":
        db.execute(f"CREATE INDEX t_{column} ON t ({column})")
    count, start = 0, time.time()
    while time.time() - start < 2:
        db.execute("BEGIN")
        for _ in range(group):
            count += 1
            db.execute("INSERT INTO t VALUES (?, ?, ?, ?)", (count, f"name {count}", count % 977, f"{count * 7919 % 1000003}"))
        db.execute("COMMIT")
    return count / (time.time() - start)


def postgres_limit(postgres, folder, clients):
    """Bare PostgreSQL: single-row inserts into a table with three indexes, each a commit, by pgbench."""
    url = postgres.database(f"bare{clients}")
    subprocess.run(["psql", "-q", url, "-c", "CREATE TABLE t (id bigserial PRIMARY KEY, a text, b int, c text);"
                    "CREATE INDEX ON t (a); CREATE INDEX ON t (b); CREATE INDEX ON t (c)"], check=True, stdout=subprocess.DEVNULL)
    script = os.path.join(folder, "bare.sql")
    with open(script, "w") as file:
        file.write("\\set n random(1, 1000000000)\nINSERT INTO t (a, b, c) VALUES ('name ' || :n, :n % 977, :n);\n")
    os.chmod(folder, 0o755)
    out = subprocess.run([os.path.join(postgres.bin, "pgbench"), "-n", "-M", "prepared", "-f", script, "-c", str(clients), "-j", "2", "-T", "3", url],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return float(re.search(r"tps = ([\d.]+)", out).group(1))


# --- load -------------------------------------------------------------------------------------------------------

LUA = """
local n, id = 0, 0
function setup(thread) thread:set("tid", id); id = id + 1 end
request = function()
  n = n + 1
  local m = tid * 100000000 + n
  return wrk.format("POST", "%s", {["Content-Type"]="application/json", ["Authorization"]=wrk.headers["Authorization"]}, %s)
end
"""


def posting(folder, name, path, body):
    """A wrk script that posts; `body` is a Lua expression over `m`, a number that differs in each request."""
    target = os.path.join(folder, name + ".lua")
    with open(target, "w") as file:
        file.write(LUA % (path, body))
    return target


def wrk(url, authorization, connections, seconds, script=None):
    """Requests a second and the 99th percentile in milliseconds."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-H", "Authorization: " + authorization, "--latency"]
    out = subprocess.run(command + (["-s", script] if script else []) + [url], stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in out:
        raise RuntimeError("the server refused what the benchmark sent\n" + out)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    return rate, float(p99.group(1)) * {"us": 0.001, "ms": 1, "s": 1000}[p99.group(2)]


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


class Served:
    """`mandate serve` on a free port."""

    def __init__(self, mandate, data, database=None, options=()):
        self.mandate, self.data, self.database = mandate, data, database
        start = time.time()
        self.process = subprocess.Popen([mandate, "serve", "--data", data, "--listen", "127.0.0.1:0", *self.store(), *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = re.search(r"http://(\S+)", self.process.stdout.readline()).group(1)
        self.cold = time.time() - start
        self.token = None

    def store(self):
        return ["--db", self.database] if self.database else []

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address)
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def wrk(self, path, connections, seconds, script=None):
        return wrk(f"http://{self.address}{path}", "Bearer " + self.token, connections, seconds, script)

    def stop(self):
        self.process.terminate()
        self.process.wait()
