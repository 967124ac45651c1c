"""What cases that work with an estate share: a server, its administrator, records and people in a line each."""
from support.server import Client, Server


class Estate:
    """Mixed into cases; a class of support.stores says on which store."""

    @classmethod
    def open(cls):
        cls.server = Server(cls.database, options=["--sign-in-rate", "10000"])
        cls.root = cls.server.administrator()
        cls.home = cls.root.get("/api/entity").json["items"][0]["id"]

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        errors = cls.server.errors()
        cls.server.remove()
        assert status == 0, errors

    def make(self, kind, client=None, **fields):
        got = (client or self.root).post("/api/" + kind, fields)
        self.assertEqual(got.status, 201, got.body)
        return got.json["id"]

    def person(self, name, role, entity=None, functions=None):
        """A person with an account, a role over an entity, and a client of their own."""
        entity = entity or self.home
        person = self.make("person", name=name, entity=entity)
        account = self.root.post("/api/account", {"login": name, "person": person, "entity": entity}).json["id"]
        roles = {r["name"]: r["id"] for r in self.root.get("/api/role?limit=100").json["items"]}
        if role:
            self.make("assignment", person=person, role=roles[role], scope=entity, reason="test")
        link = self.root.post(f"/api/account/{account}/link").json["secret"]
        token = Client(self.server.address).post("/api/access_token/link", {"link": link, "name": "test"})
        self.assertEqual(token.status, 201, token.body)
        return Client(self.server.address, token.json["secret"]), person, account
