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

from support import stores
from support.server import Client, Server, mandate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.environ.get("MANDATE_CORPUS", os.path.join(ROOT, "../shared/corpus")) + "/inventory"

DMIDECODE = r"""#!/bin/sh
# What the firmware of a machine with serial numbers says, so that agents have something to tell.
case "$*" in
*system-serial-number*) echo 5XKPL22 ;;
*system-uuid*) echo 4C4C4544-0058-4B10-8050-B5C04F4C3232 ;;
*system-manufacturer*) echo "Dell Inc." ;;
*system-product-name*) echo "Latitude 7420" ;;
-s*) ;;
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


class Inventory:
    """Mixed into a case for each store."""

    @classmethod
    def open(cls):
        cls.server = Server(cls.database, options=["--sign-in-rate", "10000", "--inventory-rate", "0"])
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


    @unittest.skipUnless(corpus("examples", ".json"), "there are no samples")
    def test_rules_agree_with_the_schema(self):
        """Samples with one thing changed at random: taken or refused as an independent validator says, and for the same member."""
        import jsonschema
        schema = json.loads(read(os.path.join(CORPUS, "inventory.schema.json")))
        validator = jsonschema.Draft7Validator(schema)
        dice = random.Random(7)
        seen = {True: 0, False: 0}
        for path in corpus("examples", ".json"):
            document = json.loads(read(path))
            for lists in ("softwares", "network_ports", "network_components", "sensors"):
                document["content"][lists] = document["content"].get(lists, [])[:3]
                if not document["content"][lists]:
                    del document["content"][lists]
            for _ in range(25):
                changed, where = self.mutated(document, dice)
                faults = ["/" + "/".join(map(str, f.absolute_path)) for f in validator.iter_errors(changed)]
                got = self.send(json.dumps(changed).encode())
                seen[not faults] += 1
                if not faults:
                    self.assertIn(got.status, (200, 400), (where, got.body))
                    if got.status == 400:
                        self.assertIn("tells this device from others", got.json["detail"])
                    continue
                self.assertEqual(got.status, 422, (where, faults, got.body))
                told = [e["pointer"] for e in got.json["errors"]]
                self.assertTrue(any(t.startswith(f.rstrip("/")) for t in told for f in faults), (where, faults, told))
        self.assertGreater(min(seen.values()), 60, seen)

    def mutated(self, document, dice):
        changed = copy.deepcopy(document)
        places = []

        def walk(node, path):
            for key in (node if isinstance(node, dict) else range(len(node))):
                places.append((node, key, path + "/" + str(key)))
                if isinstance(node[key], (dict, list)):
                    walk(node[key], path + "/" + str(key))
        walk(changed, "")
        node, key, path = dice.choice(places)
        what = dice.choice(["drop", "text", "number", "real", "bool", "list", "object", "stranger"])
        if what == "drop":
            del node[key]
        elif what == "stranger":
            (node if isinstance(node, dict) else changed)["no_such_member"] = 1
        else:
            node[key] = {"text": "2021-13-45", "number": 7, "real": 1.5, "bool": True, "list": [1], "object": {}}[what]
        return changed, (path, what)

    def test_a_sample_is_stored_whole(self):
        body = {"deviceid": "sw-1", "itemtype": "NetworkEquipment", "action": "netinventory", "content": {
            "versionclient": "4.1", "network_device": {"type": "Networking", "name": "core-1", "serial": "FOC2233X0AA", "manufacturer": "Cisco",
                                                       "model": "C9300", "mac": "00:1e:bd:00:00:01", "ips": ["10.9.0.1"], "firmware": "17.6"},
            "network_components": [{"name": "Power A", "serial": "LIT1", "type": "powersupply", "model": "PWR-1"}],
            "network_ports": [{"ifname": "Gi1/0/1", "ifdescr": "GigabitEthernet1/0/1", "ifnumber": 1, "iftype": 6, "ifstatus": 1, "ifinternalstatus": 1,
                               "ifspeed": 1000000000, "ifportduplex": 3, "mac": "00:1e:bd:00:00:01", "ifmtu": 9000,
                               "vlans": [{"name": "office", "number": "12"}], "connections": [{"mac": ["00:1b:21:aa:bb:01", "06:00:00:00:00:01"]}]},
                              {"ifname": "Gi1/0/2", "ifnumber": 2, "iftype": 6, "ifstatus": 2, "mac": "00:1e:bd:00:00:01"}]}}
        self.accepted(json.dumps(body).encode())
        device = self.devices(serial="FOC2233X0AA")[0]
        self.assertEqual((device["class"], device["name"], device["product"], device["firmware"], device["source"]),
                         ("network", "core-1", "C9300", "17.6", "discovery"))
        ports = {p["name"]: p for p in self.root.get(f"/api/network_interface?device=eq.{device['id']}&limit=100").json["items"]}
        self.assertEqual(set(ports), {"Gi1/0/1", "Gi1/0/2", "management"})
        first = ports["Gi1/0/1"]
        self.assertEqual((first["vlan"], first["speed"], first["duplex"], first["link_up"], first["mtu"]), (12, 1000, "full", True, 9000))
        self.assertEqual(ports["management"]["ipv4"], "10.9.0.1")
        parts = self.root.get(f"/api/component?device=eq.{device['id']}").json["items"]
        self.assertEqual([(p["name"], p["type"], p["serial"]) for p in parts], [("Power A", "power", "LIT1")])
        unknown = self.root.get(f"/api/unknown_device?seen_at=eq.{device['id']}").json["items"]
        self.assertEqual([(u["mac"], u["seen_port"], u["state"]) for u in unknown], [("00:1b:21:aa:bb:01", "Gi1/0/1", "waiting")])

    def test_what_does_not_fit_comes_with_the_next(self):
        body = json.dumps({"deviceid": "sw-big", "itemtype": "NetworkEquipment", "action": "netinventory", "content": {
            "versionclient": "4.1", "network_device": {"type": "Networking", "name": "core-big", "serial": "FOC2299BIG1", "manufacturer": "Cisco",
                                                       "model": "C9606", "mac": "00:1e:bd:07:00:01", "ips": ["10.9.7.1"]},
            "network_components": [{"name": f"Module {i}", "serial": f"BIG{i}", "type": "module"} for i in range(300)],
            "network_ports": [{"ifname": f"Gi1/{i}", "ifnumber": i, "iftype": 6, "ifstatus": 1} for i in range(1, 600)]}}).encode()
        self.accepted(body)
        device = self.devices(serial="FOC2299BIG1")[0]["id"]

        def stored():
            return int(self.root.get(f"/api/component?device=eq.{device}&limit=1&count=exact").json["count"])
        first = stored()
        self.assertLess(first, 300)
        self.accepted(body)
        self.assertEqual(stored(), 300, first)

    def test_printer(self):
        body = {"deviceid": "x", "itemtype": "Printer", "action": "netinventory", "content": {
            "versionclient": "4", "network_device": {"type": "Printer", "name": "floor-3", "serial": "CNB123Q", "manufacturer": "HP"},
            "cartridges": [{"tonerblack": "71", "drumcyan": "WARNING"}], "pagecounters": {"total": 1802, "color": 7}}}
        self.accepted(json.dumps(body).encode())
        device = self.devices(serial="CNB123Q")[0]
        self.assertEqual((device["class"], device["pages"], device["pages_colour"]), ("printer", 1802, 7))
        supplies = {s["name"]: (s.get("level"), s.get("status")) for s in self.root.get(f"/api/printer_supply?device=eq.{device['id']}").json["items"]}
        self.assertEqual(supplies, {"tonerblack": (71, None), "drumcyan": (None, "WARNING")})

    def switch(self, name, serial, mac, ip, ports):
        return json.dumps({"deviceid": "x", "itemtype": "NetworkEquipment", "action": "netinventory", "content": {
            "versionclient": "4", "network_device": {"type": "Networking", "name": name, "serial": serial, "mac": mac, "ips": [ip]},
            "network_ports": [dict(p, iftype=6, ifstatus=1) for p in ports]}}).encode()

    def test_cables_from_neighbours(self):
        a = self.switch("edge-a", "NBA1001", "00:1e:bd:10:00:01", "10.8.0.1", [{"ifname": "1", "connections": [
            {"sysname": "edge-b", "sysmac": "00:1e:bd:10:00:02", "ip": "10.8.0.2", "ifdescr": "7"}], "lldp": True}])
        b = self.switch("edge-b", "NBB1001", "00:1e:bd:10:00:02", "10.8.0.2", [{"ifname": "7", "connections": [
            {"sysname": "edge-a", "sysmac": "00:1e:bd:10:00:01", "ip": "10.8.0.1", "ifdescr": "1"}], "lldp": True}])
        self.accepted(b)
        self.accepted(a)
        self.accepted(b)
        ids = [self.devices(serial=s)[0]["id"] for s in ("NBA1001", "NBB1001")]
        cables = [c for c in self.root.get("/api/cable?limit=100").json["items"] if c.get("a_device") in ids]
        self.assertEqual(len(cables), 1, cables)
        ends = {(cables[0]["a_device"], cables[0]["a_port"]), (cables[0]["b_device"], cables[0]["b_port"])}
        self.assertEqual(ends, {(ids[0], "1"), (ids[1], "7")})
        self.assertEqual(cables[0]["state"], "connected")
        moved = json.loads(a)
        moved["content"]["network_ports"][0]["connections"][0].update(sysmac="00:1e:bd:10:00:03", ip="10.8.0.3", sysname="edge-c")
        self.accepted(self.switch("edge-c", "NBC1001", "00:1e:bd:10:00:03", "10.8.0.3", [{"ifname": "7"}]))
        self.accepted(json.dumps(moved).encode())
        self.assertEqual(self.root.get("/api/cable/" + cables[0]["id"]).json["state"], "removed")

    # --- reconciliation ----------------------------------------------------------------------------
    def test_junk_does_not_join_devices(self):
        for n in (1, 2):
            self.accepted(xml(f"""<HARDWARE><NAME>junk{n}</NAME><UUID>00000000-0000-0000-0000-000000000000</UUID></HARDWARE>
                <BIOS><SSN>To be filled by O.E.M.</SSN><SMANUFACTURER>Acme</SMANUFACTURER><ASSETTAG>Default string</ASSETTAG></BIOS>
                <NETWORKS><DESCRIPTION>eth0</DESCRIPTION><MACADDR>02:00:4c:4f:4f:50</MACADDR><STATUS>Up</STATUS></NETWORKS>
                <NETWORKS><DESCRIPTION>vmnet1</DESCRIPTION><MACADDR>00:50:56:c0:00:01</MACADDR><STATUS>Up</STATUS></NETWORKS>""", device=f"junk{n}"))
        devices = self.devices(name="junk1") + self.devices(name="junk2")
        self.assertEqual(len(devices), 2)
        for d in devices:
            self.assertEqual([d.get(f) for f in ("serial", "uuid", "mac", "inventory_number")], [None] * 4)
        again = xml("<HARDWARE><NAME>junk1</NAME></HARDWARE>", device="junk1")
        self.accepted(again)
        self.assertEqual(len(self.devices(name="junk1")), 1, "known by what its agent calls it")

    def test_one_device_by_each_sign(self):
        first = xml("""<HARDWARE><NAME>same</NAME><UUID>4C4C4544-0031-3010-8048-B6C04F503732</UUID></HARDWARE>
            <BIOS><SSN>8XKPL99</SSN><SMANUFACTURER>Dell Inc.</SMANUFACTURER></BIOS>
            <NETWORKS><DESCRIPTION>eth0</DESCRIPTION><MACADDR>00:1b:21:01:02:03</MACADDR><STATUS>Up</STATUS></NETWORKS>""", device="same-1")
        self.accepted(first)
        one = self.devices(serial="8XKPL99")[0]["id"]
        for sign in ("<BIOS><SSN>8XKPL99</SSN><SMANUFACTURER>DELL</SMANUFACTURER></BIOS>",
                     "<HARDWARE><UUID>44454c4c-3100-1030-8048-b6c04f503732</UUID></HARDWARE>",
                     "<NETWORKS><DESCRIPTION>eth7</DESCRIPTION><MACADDR>00:1B:21:01:02:03</MACADDR></NETWORKS>"):
            self.accepted(xml("<HARDWARE><NAME>same</NAME></HARDWARE>" + sign if "HARDWARE" not in sign else sign, device="other-" + str(hash(sign))))
            self.assertEqual([d["id"] for d in self.devices(name="same")], [one], sign)
        dock = xml("""<HARDWARE><NAME>docked</NAME></HARDWARE><BIOS><SSN>7QQQL11</SSN><SMANUFACTURER>Dell</SMANUFACTURER></BIOS>
            <NETWORKS><DESCRIPTION>eth0</DESCRIPTION><MACADDR>00:1b:21:01:02:03</MACADDR></NETWORKS>""", device="docked")
        self.accepted(dock)
        self.assertEqual(len(self.devices(serial="7QQQL11")), 1, "a docking station's address does not overrule a serial number")

    # --- packages ----------------------------------------------------------------------------------
    def test_changes_read_as_history(self):
        def report(*rows):
            self.accepted(xml("<BIOS><SSN>HIST0001</SSN></BIOS><HARDWARE><NAME>hist</NAME></HARDWARE>" + software(*rows), device="hist"))
        report(("libssl3", "3.0.15"), ("bash", "5.2"), ("nano", "7.2"))
        report(("libssl3", "3.0.15"), ("bash", "5.2"), ("nano", "7.2"))
        report(("libssl3", "3.0.16"), ("bash", "5.2"), ("vim", "9.0"))
        device = self.devices(serial="HIST0001")[0]["id"]
        steps = self.root.post(f"/api/device/{device}/package_changes").json["items"]
        self.assertEqual([s["packages"] for s in steps], [3, 3])
        self.assertEqual([c["text"] for c in steps[0]["changes"]], ["libssl3 3.0.15 → 3.0.16", "− nano 7.2", "+ vim 9.0"])
        self.assertEqual(steps[1]["changes"], [])
        self.assertEqual(self.client_of_nothing().post(f"/api/device/{device}/package_changes").status, 403)

    def client_of_nothing(self):
        return Client(self.server.address, self.probe)

    def test_one_entry_an_inventory(self):
        body = xml("<BIOS><SSN>ENTRY001</SSN></BIOS><HARDWARE><NAME>entry</NAME></HARDWARE>" + software(("a", "1"), ("b", "1")) +
                   "<DRIVES><TYPE>/</TYPE><TOTAL>1000</TOTAL><FREE>501</FREE></DRIVES>", device="entry")

        def entries():
            return self.root.get("/api/log/head").json["entries"] if self.root.get("/api/log/head").status == 200 else None
        self.accepted(body)
        device = self.devices(serial="ENTRY001")[0]["id"]
        volume = self.root.get(f"/api/volume?device=eq.{device}").json["items"][0]
        self.accepted(body.replace(b"501", b"513"))
        after = self.root.get(f"/api/volume?device=eq.{device}").json["items"][0]
        self.assertEqual(after["version"], volume["version"], "a little more free space changes nothing")
        history = self.root.get(f"/api/device/{device}/history").json["items"]
        self.assertEqual(len({h["entry"] for h in history}), 2)

    def test_partial_leaves_the_rest(self):
        full = {"deviceid": "part-1", "content": {"versionclient": "GLPI-Agent_v1.5", "bios": {"ssn": "PART0001"}, "hardware": {"name": "part", "memory": 8192},
                "cpus": [{"name": "Xeon", "core": 4}], "softwares": [{"name": "x", "version": "1", "from": "rpm"}]}}
        self.accepted(json.dumps(full).encode())
        part = {"deviceid": "part-1", "partial": True, "content": {"versionclient": "GLPI-Agent_v1.5", "bios": {"ssn": "PART0001"}, "cpus": [{"name": "EPYC", "core": 8}]}}
        self.accepted(json.dumps(part).encode(), packed=False, **{"Content-Type": "application/json"})
        device = self.devices(serial="PART0001")[0]
        self.assertEqual((device["cpu_model"], device["cpu_cores"], device["memory"]), ("EPYC", 8, 8192 << 20))
        self.assertTrue(device["package_set"])

    # --- the queue ---------------------------------------------------------------------------------
    def waiting(self, serial):
        return self.root.get(f"/api/unknown_device?serial=eq.{serial}").json["items"]

    def unknown(self, serial, mac):
        body = xml(f"<BIOS><SSN>{serial}</SSN><SMODEL>Probe 1</SMODEL></BIOS><HARDWARE><NAME>{serial.lower()}</NAME></HARDWARE>"
                   f"<NETWORKS><DESCRIPTION>eth0</DESCRIPTION><MACADDR>{mac}</MACADDR><STATUS>Up</STATUS></NETWORKS>", device=serial)
        self.accepted(body, token=self.probe)
        return body

    def test_unknown_adopted(self):
        body = self.unknown("QUEUE001", "00:1b:21:0a:00:01")
        self.accepted(body, token=self.probe)
        self.assertEqual(self.devices(serial="QUEUE001"), [])
        entry = self.waiting("QUEUE001")
        self.assertEqual([(u["state"], u["product"], u["source"]) for u in entry], [("waiting", "Probe 1", "ocs")])
        path = "/api/unknown_device/" + entry[0]["id"]
        self.assertEqual(self.client_of_nothing().post(path + "/adopt").status, 403)
        got = self.root.post(path + "/adopt", {"class": "desktop", "reason": "bought by the mission"})
        self.assertEqual(got.status, 200, got.body)
        self.accepted(body, token=self.probe)
        device = self.devices(serial="QUEUE001")
        self.assertEqual([(d["id"], d["class"], d["state"], d["source"]) for d in device], [(got.json["device"], "desktop", "in_use", "inventory")])
        self.assertEqual(self.waiting("QUEUE001")[0]["state"], "adopted")
        self.assertEqual(self.root.post(path + "/adopt").status, 409)

    def test_unknown_linked(self):
        device = self.root.post("/api/device", {"name": "on paper", "class": "server"}).json["id"]
        body = self.unknown("QUEUE002", "00:1b:21:0a:00:02")
        got = self.root.post(f"/api/unknown_device/{self.waiting('QUEUE002')[0]['id']}/link", {"device": device})
        self.assertEqual(got.status, 200, got.body)
        self.accepted(body, token=self.probe)
        self.assertEqual(self.root.get("/api/device/" + device).json["serial"], "QUEUE002")

    def test_unknown_personal_and_rejected(self):
        holder = self.root.post("/api/person", {"name": "Owner of a phone", "entity": self.home}).json["id"]
        self.unknown("QUEUE003", "00:1b:21:0a:00:03")
        got = self.root.post(f"/api/unknown_device/{self.waiting('QUEUE003')[0]['id']}/personal", {"holder": holder})
        device = self.root.get("/api/device/" + got.json["device"]).json
        self.assertEqual((device["ownership"], device["personal_device"], device["holder"]), ("personal", True, holder))
        body = self.unknown("QUEUE004", "00:1b:21:0a:00:04")
        path = f"/api/unknown_device/{self.waiting('QUEUE004')[0]['id']}"
        self.assertEqual(self.root.post(path + "/reject", {"reason": "a visitor"}).status, 200)
        self.accepted(body, token=self.probe)
        self.assertEqual(self.waiting("QUEUE004")[0]["state"], "rejected", "it is not asked about again")
        self.assertEqual(self.root.post(path + "/reopen").status, 200)
        self.assertEqual(self.waiting("QUEUE004")[0]["state"], "waiting")

    # --- completeness ------------------------------------------------------------------------------
    def test_completeness(self):
        place = self.root.post("/api/entity", {"name": "Counted", "parent": self.home}).json["id"]
        for n in range(20):
            serial = f"CNT{n:05}"
            agent = xml(f"<BIOS><SSN>{serial}</SSN></BIOS><HARDWARE><NAME>c{n}</NAME></HARDWARE>", device=f"cnt-{n}")
            scan = json.dumps({"deviceid": "x", "action": "netinventory", "content": {
                "versionclient": "4", "network_device": {"type": "Computer", "name": f"c{n}", "serial": serial}}}).encode()
            if n < 10:
                self.accepted(agent, token=self.wide, path=f"/inventory?entity={place}")
            if n >= 5:
                self.accepted(scan, token=self.wide, path=f"/inventory?entity={place}")
        got = self.root.post("/api/inventory/completeness", {"entity": place}).json["entities"][0]
        self.assertEqual((got["seen"], got["sources"], got["method"]), (20, {"network": 15, "ocs": 10}, "chapman"))
        self.assertEqual((got["estimate"], got["unseen"], got["low"], got["high"]), (28, 8, 21, 65))
        self.assertEqual(self.client_of_nothing().post("/api/inventory/completeness").status, 403)

    # --- who may -----------------------------------------------------------------------------------
    def test_ways_to_sign_in(self):
        body = xml("<BIOS><SSN>SIGN0001</SSN></BIOS><HARDWARE><NAME>sign</NAME></HARDWARE>", device="sign")
        plain = Client(self.server.address)
        refused = plain.call("POST", "/inventory", raw=zlib.compress(body))
        self.assertEqual((refused.status, refused.headers["WWW-Authenticate"]), (401, 'Basic realm="mandate"'))
        self.assertEqual(self.send(body, token="wrong").status, 401)
        self.assertEqual(plain.call("POST", "/inventory/" + self.token, raw=zlib.compress(body)).status, 200)
        self.assertEqual(Client(self.server.address, self.token).call("POST", "/inventory", raw=zlib.compress(body)).status, 200)
        wide = plain.call("POST", "/inventory/" + self.wide, raw=zlib.compress(body))
        self.assertEqual(wide.status, 403, "an address may not hold a token that opens more")
        self.assertEqual(plain.call("GET", "/inventory?action=getConfig&machineid=x").status, 401)
        self.assertEqual(plain.call("GET", "/inventory/" + self.token).json["schedule"], [])

    def test_rate(self):
        server = Server(options=["--inventory-rate", "3"])
        try:
            token = server.administrator().token
            got = [Client(server.address, token).call("POST", "/inventory", raw=xml("", query="PROLOG")).status for _ in range(5)]
            self.assertEqual(got, [200, 200, 200, 429, 429])
        finally:
            server.stop()
            server.remove()

    def test_what_agents_ask_first(self):
        prolog = self.accepted(b"<?xml version='1.0'?><REQUEST><DEVICEID>x</DEVICEID><QUERY>PROLOG</QUERY></REQUEST>")
        self.assertEqual(zlib.decompress(prolog.body).split(b"\n")[1], b"<REPLY><RESPONSE>SEND</RESPONSE><PROLOG_FREQ>24</PROLOG_FREQ></REPLY>")
        contact = self.accepted(b'{"action":"contact","deviceid":"x"}', packed=False)
        self.assertEqual(contact.json, {"status": "ok", "expiration": 24})

    # --- what nobody should send -------------------------------------------------------------------
    def test_hostile(self):
        good = xml("<HARDWARE><NAME>x</NAME></HARDWARE>")
        laughs = (b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">' +
                  b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (98 + i, 97 + i, 97 + i, 97 + i, 97 + i) for i in range(12)) + b"]><REQUEST>&m;</REQUEST>")
        outside = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><REQUEST><CONTENT>&x;</CONTENT></REQUEST>'
        cases = {
            "bomb": (zlib.compress(b" " * (200 << 20), 9), 413), "gzip bomb": (gzip.compress(b"<" * (100 << 20)), 413),
            "laughs": (laughs, 400), "entity": (outside, 400), "undeclared": (b"<REQUEST>&nothing;</REQUEST>", 400),
            "deep": (b"<REQUEST>" + b"<A>" * 5000, 413), "wide": (b"<REQUEST><CONTENT>" + b"<A/>" * 500000, 413),
            "deep json": (b"[" * 5000, 400), "deep json object": (b'{"content":' * 500 + b"1" + b"}" * 500, 413),
            "half": (zlib.compress(good)[:-9], 400), "half xml": (good[:-20], 400), "half json": (b'{"content": {', 400),
            "after": (zlib.compress(good) + b"more", 400), "damaged": (zlib.compress(good)[:20] + b"\0" * 40, 400),
            "latin": ("<REQUEST><CONTENT><A>café</A></CONTENT></REQUEST>".encode("latin-1"), 400), "nothing": (b"", 400), "space": (b"   ", 400),
            "html": (b"<html><body/></html>", 400), "nul": (b"\0" * 100, 400), "no utf8": (b'{"deviceid":"\xff\xfe"}', 400),
            "encoding": (b'<?xml version="1.0" encoding="EBCDIC-9"?><REQUEST/>', 400),
        }
        for name, (body, status) in cases.items():
            with self.subTest(name):
                got = self.send(body, packed=False)
                self.assertEqual(got.status, status, got.body)
                self.assertTrue(got.json["detail"])
        latin = xml("<BIOS><SSN>LATIN001</SSN></BIOS><HARDWARE><NAME>café</NAME></HARDWARE>").decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")
        self.accepted(latin)
        self.assertEqual(self.devices(serial="LATIN001")[0]["name"], "café")

    UUID = "4c4c4544-0058-4b10-8050-b5c04f4c3232"

    # --- real agents -------------------------------------------------------------------------------
    def agent(self, *command, folder):
        path = os.path.join(folder, "dmidecode")
        with open(path, "w") as file:
            file.write(DMIDECODE)
        os.chmod(path, 0o755)
        environment = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], HOME=folder, LANG="C.UTF-8")
        return subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)

    @unittest.skipUnless(os.path.exists("/usr/bin/fusioninventory-agent") and os.path.exists("/usr/bin/ocsinventory-agent"), "the agents are not installed")
    def test_real_agents_tell_of_one_device(self):
        url = f"http://{self.server.address}/inventory"
        with tempfile.TemporaryDirectory() as folder:
            done = self.agent("fusioninventory-agent", "--server", url, "--user", "agent", "--password", self.token,
                              "--no-task=deploy,esx,collect,netdiscovery,netinventory,wakeonlan", "--debug", folder=folder)
            device = self.devices(uuid=self.UUID)
            self.assertEqual(len(device), 1, done.stdout[-3000:])
            self.assertEqual((device[0]["maker"], device[0]["product"], device[0]["source"]), ("Dell Inc.", "Latitude 7420", "inventory"))
            self.assertGreater(len(self.root.get(f"/api/installation?device=eq.{device[0]['id']}&limit=100").json["items"]), 50)
            # without /dev/mem OCS tells neither serial number nor UUID: somebody has to say once which device it is
            ocs = ("ocsinventory-agent", "--local=0", "--server=" + url, "--user=" + base64.b64encode(b"agent").decode(),
                   "--password=" + base64.b64encode(self.probe.encode()).decode(), "--realm=mandate", "--basevardir=" + folder, "--debug", "--force")
            done = self.agent(*ocs, folder=folder)
            if not os.access("/dev/mem", os.R_OK):
                waiting = self.root.get("/api/unknown_device?source=eq.ocs&state=eq.waiting&limit=100").json["items"]
                unknown = [u for u in waiting if u["source_id"].startswith(device[0]["hostname"] + "-")]
                self.assertEqual(len(unknown), 1, done.stdout[-3000:])
                linked = self.root.post(f"/api/unknown_device/{unknown[0]['id']}/link", {"device": device[0]["id"]})
                self.assertEqual(linked.status, 200, linked.body)
                done = self.agent(*ocs, folder=folder)
            both = self.devices(uuid=self.UUID)
            self.assertEqual([d["id"] for d in both], [device[0]["id"]], done.stdout[-3000:])
            self.assertGreater(both[0]["version"], device[0]["version"])
            steps = self.root.post(f"/api/device/{device[0]['id']}/package_changes").json["items"]
            self.assertEqual(len(steps), 2, "each agent has its own idea of names and publishers")


class OnSQLite(stores.SQLite, Inventory, unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        """All that was taken in is proved by the journal."""
        status = cls.server.stop()
        proved = mandate("verify", "--data", cls.server.data, check=False)
        errors = cls.server.errors()
        cls.server.remove()
        assert status == 0, errors
        assert proved.returncode == 0, proved.stdout + proved.stderr


class OnPostgres(stores.PostgreSQL, Inventory, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
