"""One request of every kind of operation, each with a way to tell afterwards whether it happened: for tests that make things
fail in the middle. A step prepares what it needs, is sent once, and then either stands whole or left no trace."""
import http.client
import itertools
import json
import threading

from support.server import Answer, Client

_numbers, _lock = itertools.count(1), threading.Lock()


def fresh(prefix):
    with _lock:
        return f"{prefix} {next(_numbers)}"


def once(address, token, method, path, body=None, headers=None, timeout=60):
    """Sends on a connection of its own and never again; None when there was no whole answer."""
    sent = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        sent["Authorization"] = "Bearer " + token
    sent.update(headers or {})
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, sent)
        got = connection.getresponse()
        return Answer(got.status, got.headers, got.read())
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


class Step:
    """A read: it has no effect."""
    good = (200,)

    def __init__(self, method="GET", path="/", body=None, headers=None, token=True):
        self.method, self.path, self.body, self.headers, self.token = method, path, body, headers, token

    def prepare(self, root):
        return self

    def stands(self, root):
        return None


def need(answer, *good):
    assert answer.status in (good or (200, 201)), (answer.status, answer.body)
    return answer.json


class Create(Step):
    good = (201,)

    def __init__(self, kind="tag", more=None, headers=False):
        self.kind, self.more, self.keyed = kind, more or {}, headers

    def prepare(self, root):
        self.name = fresh(self.kind)
        super().__init__("POST", "/api/" + self.kind, dict(self.more, name=self.name),
                         {"Idempotency-Key": self.name} if self.keyed else None)
        return self

    def stands(self, root):
        count = need(root.get(f"/api/{self.kind}/count?name=eq.{self.name.replace(' ', '%20')}"))["count"]
        assert count in (0, 1), count
        return count == 1


class Change(Step):
    """PATCH of a device, and other steps on one record: `version` moves by one or not at all."""

    def __init__(self, kind="device", made=None, method="PATCH", tail="", body=None, before=()):
        self.kind, self.made, self.tail, self.given, self.how, self.before = kind, made or {}, tail, body, method, before

    def prepare(self, root):
        self.id = need(root.post("/api/" + self.kind, dict(self.made, name=fresh(self.kind))))["id"]
        for step in self.before:
            need(root.post(f"/api/{self.kind}/{self.id}/{step}"))
        self.version = self.seen(root)
        super().__init__(self.how, f"/api/{self.kind}/{self.id}{self.tail}", self.given)
        return self

    def seen(self, root):
        return need(root.get(f"/api/{self.kind}/{self.id}"))["version"]

    def stands(self, root):
        version = self.seen(root)
        assert version in (self.version, self.version + 1), (self.version, version)
        versions = [i["version"] for i in need(root.get(f"/api/{self.kind}/{self.id}/history"))["items"]]
        assert versions == list(range(version, 0, -1)), versions
        return version != self.version


class Batch(Step):
    def prepare(self, root):
        self.names = [fresh("batch") for _ in range(5)]
        calls = [{"operation": "tag.create", "input": {"name": n}} for n in self.names]
        super().__init__("POST", "/api/batch", {"calls": calls})
        return self

    def stands(self, root):
        there = sum(need(root.get("/api/tag/count?name=eq." + n.replace(" ", "%20")))["count"] for n in self.names)
        assert there in (0, len(self.names)), "half a batch"
        return there > 0


class Propose(Step):
    good = (201,)

    def prepare(self, root):
        self.id = need(root.post("/api/site", {"name": fresh("site"), "country": "FR"}))["id"]
        self.before = need(root.get("/api/proposal/count"))["count"]
        super().__init__("PATCH", f"/api/site/{self.id}?propose=true", {"name": fresh("agreed")})
        return self

    def stands(self, root):
        assert need(root.get("/api/site/" + self.id))["version"] == 1
        return need(root.get("/api/proposal/count"))["count"] > self.before


class Apply(Propose):
    good = (200,)

    def prepare(self, root):
        super().prepare(root)
        proposal = need(root.call(self.method, self.path, self.body))["id"]
        Step.__init__(self, "POST", f"/api/proposal/{proposal}/apply")
        self.proposal = proposal
        return self

    def stands(self, root):
        version = need(root.get("/api/site/" + self.id))["version"]
        state = need(root.get("/api/proposal/" + self.proposal))["state"]
        assert (version == 2) == (state == "applied"), (version, state)
        return version == 2


class DryRun(Create):
    good = (200,)

    def prepare(self, root):
        super().prepare(root)
        self.path += "?dry_run=true"
        return self

    def stands(self, root):
        assert not super().stands(root), "a dry run was no dry run"
        return None


class Erase(Change):
    def __init__(self):
        super().__init__("person", {"email": None, "private_email": "secret@example.org"}, "POST", "/erase", {})

    def stands(self, root):
        name = need(root.get("/api/person/" + self.id))["name"]
        assert super().stands(root) == (name == "(erased)"), name
        return name == "(erased)"


class Report(Step):
    good = (200, 201)

    def prepare(self, root):
        self.serial = fresh("SN").replace(" ", "")
        body = {"format": 1, "identity": {"hostname": "h", "serial": self.serial, "manufacturer": "Acme"},
                "os": {"name": "Debian", "version": "12", "title": "Debian 12"},
                "network": {"interfaces": [{"name": "eth0", "mac": "02:00:00:" + ":".join(f"{int(self.serial[2:]) >> s & 255:02x}" for s in (16, 8, 0)),
                                            "up": True}]},
                "packages": {"format": "deb", "list": [["a", self.serial, "amd64"], ["b", self.serial, "amd64", "Debian"]]}}
        super().__init__("POST", "/api/inventory/report", body)
        return self

    def stands(self, root):
        devices = need(root.get("/api/device?serial=eq." + self.serial))["items"]
        packages = need(root.get("/api/package/count?release=eq." + self.serial))["count"]
        assert (len(devices), packages) in ((0, 0), (1, 2)), (devices, packages)
        return bool(devices)


class Account(Step):
    good = (201,)

    def prepare(self, root):
        person = need(root.post("/api/person", {"name": fresh("holder")}))["id"]
        self.person, entity = person, need(root.get("/api/person/" + person))["entity"]
        super().__init__("POST", "/api/account", {"person": person, "entity": entity, "login": fresh("login").replace(" ", "")})
        return self

    def stands(self, root):
        return need(root.get("/api/account/count?person=eq." + self.person))["count"] == 1


class SignIn(Step):
    """With a one-time link: used up, or as good as before."""

    def prepare(self, root):
        account = Account().prepare(root)
        made = need(root.call(account.method, account.path, account.body))["id"]
        self.link = need(root.post(f"/api/account/{made}/link"))["secret"]
        super().__init__("POST", "/api/session/link", {"link": self.link}, token=False)
        return self

    def stands(self, root):
        again = once(root.address, None, "POST", "/api/session/link", self.body)
        assert again.status in (200, 401), again.body
        return again.status == 401


def writes():
    return [Create("tag"), Create("device", {"class": "laptop", "cost": {"amount": "12.50", "currency": "USD"}, "notes": "x" * 2000}),
            Create("tag", headers=True), Create("person", {"private_email": "p@example.org"}),
            Change("device", {"class": "server"}, body={"notes": "changed"}),
            Change("device", {"class": "laptop"}, "POST", "/receive", {}),
            Change("tag", {}, "DELETE"), Batch(), Propose(), Apply(), DryRun(), Erase(), Report(), Account(), SignIn()]


def asks():
    """Reads that are POSTs."""
    return [Step("POST", "/api/query/ask", {"sql": "SELECT class, count(*) FROM device WHERE state <> 'disposed' GROUP BY class ORDER BY 2"}),
            Step("POST", "/api/policy/simulate", {"about": "device", "sql": "SELECT id, name AS why FROM device WHERE holder IS NULL"})]


def reads():
    return [Step(path=path) for path in (
        "/api/device", "/api/device?state=eq.ordered&order=name&limit=5&expand=site&count=exact", "/api/device/count?class=eq.laptop",
        "/api/device/facets?by=state,class", "/api/person?name=like.p*", "/api/log", "/api/log/checkpoint", "/api/session",
        "/openapi.json", "/metrics", "/health/ready", "/", "/api/kind")]


def client_of(server, token):
    return Client(server.address, token)
