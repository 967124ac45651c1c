"""Inventories of other programs' agents: real ones run against a served Mandate, all samples there are, and what nobody should send."""
import base64
import copy
import gzip
import json
import os
import random
import subprocess
import tempfile
import unittest
import zlib

from support.server import Client, Server

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.environ.get("MANDATE_CORPUS", os.path.join(ROOT, "../shared/corpus")) + "/inventory"

DMIDECODE = r"""#!/bin/sh
# What the firmware of a machine with serial numbers says, so that agents have something to tell.
case "$*" in
*system-serial-number*) echo 5XKPL22 ;;
*system-uuid*) echo 4C4C4544-0058-4B10-8050-B5C04F4C3232 ;;
*system-manufacturer*) echo "Dell Inc." ;;
*system-product-name*) echo "Latitude 7420" ;;
*) cat <<END
# dmidecode 3.4
Getting SMBIOS data from sysfs.
SMBIOS 3.3.0 present.

Handle 0x0000, DMI type 0, 26 bytes
BIOS Information
	Vendor: Dell Inc.
	Version: 1.21.0
	Release Date: 09/20/2022

Handle 0x0001, DMI type 1, 27 bytes
System Information
	Manufacturer: Dell Inc.
	Product Name: Latitude 7420
	Version: Not Specified
	Serial Number: 5XKPL22
	UUID: 4c4c4544-0058-4b10-8050-b5c04f4c3232
	Wake-up Type: Power Switch
	SKU Number: 0A36
	Family: Latitude

Handle 0x0002, DMI type 2, 15 bytes
Base Board Information
	Manufacturer: Dell Inc.
	Product Name: 07MHG4
	Serial Number: /5XKPL22/CNCMK0011H00AB/

Handle 0x0003, DMI type 3, 22 bytes
Chassis Information
	Manufacturer: Dell Inc.
	Type: Notebook
	Serial Number: 5XKPL22
	Asset Tag: Not Specified

END
;;
esac
"""


def corpus(folder, ending):
    path = os.path.join(CORPUS, folder)
    return sorted(os.path.join(path, n) for n in os.listdir(path) if n.endswith(ending)) if os.path.isdir(path) else []


def read(path):
    with open(path, "rb") as file:
        return file.read()


def xml(content, query="INVENTORY", device="pc-1-2026-01-01-00-00-00"):
    return (f"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<REQUEST><DEVICEID>{device}</DEVICEID><QUERY>{query}</QUERY>"
            f"<CONTENT>{content}</CONTENT></REQUEST>").encode()


def software(*rows):
    return "".join(f"<SOFTWARES><NAME>{n}</NAME><VERSION>{v}</VERSION><ARCH>amd64</ARCH><FROM>deb</FROM></SOFTWARES>" for n, v in rows)


class Inventory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(options=["--sign-in-rate", "10000", "--inventory-rate", "0"])
        cls.root = cls.server.administrator()
        cls.home = cls.root.get("/api/entity").json["items"][0]["id"]
        cls.token, cls.wide = cls.tokens("Site agents", "inventory_agent", "inventory.submit inventory.enrol")
        cls.probe, _ = cls.tokens("Probe", "inventory_probe", "inventory.submit")

    @classmethod
    def tokens(cls, name, role, functions):
        """A technical account with a role and nothing else: a token narrowed to functions, and one that is not."""
        person = cls.root.post("/api/person", {"name": name, "entity": cls.home}).json["id"]
        account = cls.root.post("/api/account", {"login": name, "person": person, "entity": cls.home}).json["id"]
        roles = {r["name"]: r["id"] for r in cls.root.get("/api/role?limit=100").json["items"]}
        assert cls.root.post("/api/assignment", {"person": person, "role": roles[role], "scope": cls.home, "reason": "test"}).status == 201
        link = cls.root.post(f"/api/account/{account}/link").json["secret"]
        session = Client(cls.server.address).post("/api/session/link", {"link": link})
        signed = {"Cookie": session.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": session.json["csrf"]}
        made = [Client(cls.server.address).post("/api/access_token", {"name": name, **more}, headers=signed)
                for more in ({"functions": functions, "scope": cls.home}, {})]
        assert [m.status for m in made] == [201, 201], [m.body for m in made]
        return [m.json["secret"] for m in made]

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        errors = cls.server.errors()
        cls.server.remove()
        assert status == 0, errors

    def send(self, body, token=None, path="/inventory", packed=True, **headers):
        basic = "Basic " + base64.b64encode(b"agent:" + (token or self.token).encode()).decode()
        headers = {"Authorization": basic, "Content-Type": "application/x-compress-zlib", **headers}
        return Client(self.server.address).call("POST", path, raw=zlib.compress(body) if packed else body, headers=headers)

    def accepted(self, body, **more):
        got = self.send(body, **more)
        self.assertEqual(got.status, 200, got.body)
        return got

    def devices(self, **where):
        query = "&".join(f"{k}=eq.{v}" for k, v in where.items())
        return self.root.get("/api/device?limit=100&" + query).json["items"]

    # --- samples -----------------------------------------------------------------------------------
    @unittest.skipUnless(corpus("examples", ".json"), "there are no samples")
    def test_json_samples(self):
        for path in corpus("examples", ".json"):
            with self.subTest(os.path.basename(path)):
                self.accepted(read(path))

    @unittest.skipUnless(corpus("tests/data", ".xml"), "there are no samples")
    def test_xml_samples(self):
        for path in corpus("tests/data", ".xml"):
            with self.subTest(os.path.basename(path)):
                got = self.accepted(read(path))
                self.assertIn(b"<REPLY>", zlib.decompress(got.body))


if __name__ == "__main__":
    unittest.main()
