"""What `make run` does once the program is built: a sample, this machine's own inventory, a served estate; the second time at once."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from support.server import MANDATE, Client, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mandate-run-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.data = os.path.join(self.folder, "var")

    def start(self):
        log = os.path.join(self.folder, "log")
        with open(log, "w") as file:
            process = subprocess.Popen([os.path.join(ROOT, "tools/run"), MANDATE, self.data, self.address], stdout=file, stderr=subprocess.STDOUT,
                                       env=dict(os.environ, SCALE="0.001"), start_new_session=True)
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))

        def said():
            with open(log) as file:
                return file.read()
        return process, said

    def stop(self, process):
        process.terminate()
        process.wait(60)

    def test_first_and_second_time(self):
        process, said = self.start()
        wait_for(lambda: "#link=" in said() and "Sent " in said(), 120)
        self.assertNotIn("could not be sent", said())
        link = re.search(r"#link=(\S+)", said()).group(1)
        token = Client(self.address).post("/api/access_token/link", {"link": link, "name": "test"}).json["secret"]
        client = Client(self.address, token)
        own = client.get("/api/device?source=eq.agent").json["items"]
        self.assertEqual([d["hostname"] for d in own], [os.uname().nodename], "this very machine is on record")
        installed = client.get(f"/api/installation?device=eq.{own[0]['id']}&name=eq.dpkg").json["items"]
        self.assertEqual(len(installed), 1, "with its packages")
        people = client.get("/api/person/count").json["count"]
        self.assertGreater(people, 20, "beside the sample organisation")
        self.stop(process)

        process, said = self.start()
        wait_for(lambda: "Sent " in said(), 60)
        self.assertNotIn("Loading the sample", said())
        self.assertEqual(client.get("/api/device/count?source=eq.agent").json["count"], 1)
        self.assertEqual(client.get("/api/person/count").json["count"], people)
        self.stop(process)


if __name__ == "__main__":
    unittest.main()
