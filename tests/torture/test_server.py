"""The whole server with its allocations failing, and its writes and syncs: whatever is asked meanwhile is answered with
success or a defined error, the server lives, what it acknowledged is there and what it refused is not, and the data is
proven at the end. Every allocation of every request in turn on a warm server; several in a row, and those of starting, by
seed (SEED=n repeats a run; LONG=1 does more)."""
import errno
import os
import random
import time
import unittest

from support.script import asks, once, reads, writes
from support.server import Server, mandate
from support.shim import Shim

LONG = bool(os.environ.get("LONG"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 6)
SECONDS = 600 if LONG else 4
STARTS = 3000 if LONG else 25


class Torture:
    """Each fault is made while one step is under way; nothing fails while it is prepared and looked at."""

    def setUp(self):
        self.shim = Shim()
        self.server = Server(environment=self.shim.environment, options=["--sign-in-rate", "1000000", "--lockout-after", "1000000"])
        self.addCleanup(self.server.remove)
        self.root = self.server.administrator()
        self.random = random.Random(SEED)
        self.known = set(self.paths())

    def paths(self):
        return [s.path for s in reads() if self.root.get(s.path).status == 200]

    def steps(self):
        return writes() + asks() + [s for s in reads() if s.path in self.known]

    def send(self, step):
        return once(self.server.address, self.root.token if step.token else None, step.method, step.path, step.body, step.headers)

    def look(self, step, answer, what):
        self.shim.quiet()
        self.assertIsNone(self.server.process.poll(), (what, self.server.errors()))
        if answer is not None:
            self.assertIn(answer.status, step.good + (503,), (what, answer.body))
            if answer.status == 503:
                self.assertEqual(answer.json["status"], 503, what)
        try:
            stands = step.stands(self.root)
        except (AssertionError, OSError) as fault:
            time.sleep(1) # what a sanitizer has to say
            raise AssertionError(what, answer and answer.body, self.server.process.poll(), self.server.errors()) from fault
        if answer is not None and stands is not None:
            self.check(stands, answer.status in step.good, what)

    def check(self, stands, acknowledged, what):
        self.assertEqual(stands, acknowledged, what)

    def one(self, step, number, repeat=1):
        """False when the request was over before the fault came."""
        try:
            step.prepare(self.root)
        except (AssertionError, OSError) as fault:
            raise AssertionError(f"it has not recovered, SEED={SEED}", self.server.errors()) from fault
        before = self.shim["failed"]
        self.fail_at(number, repeat)
        answer = self.send(step)
        hit = self.shim["failed"] > before
        self.look(step, answer, f"{type(step).__name__} {step.method} {step.path}, fault {number} × {repeat}, SEED={SEED}")
        return hit

    def measure(self, step):
        step.prepare(self.root)
        before = self.counted()
        answer = self.send(step)
        self.assertIn(answer.status, step.good, (step.path, answer.body))
        return self.counted() - before

    def test_share(self):
        many = {n: self.measure(s) for n, s in enumerate(self.steps())}
        end, tried = time.time() + SECONDS, 0
        while time.time() < end:
            for n, step in enumerate(self.steps()):
                self.one(step, self.random.randrange(max(1, many[n])), self.random.choice((2, 5, 50, 10 ** 6)))
                tried += 1
        self.assertGreater(tried, 50)
        self.finish()

    def test_sweep(self):
        for step in self.steps():
            missed, number = 0, 0
            while missed < 3: # other threads' allocations may take a fault away from the request
                missed = 0 if self.one(step, number) else missed + 1
                number += 1
        self.finish()

    def test_start(self):
        """A server that cannot start says so and ends; the next one starts as if nothing had been."""
        self.assertEqual(self.server.stop(), 0)
        before = self.counted()
        self.server.start()
        many = self.counted() - before
        self.assertEqual(self.server.stop(), 0)
        for _ in range(STARTS):
            number, repeat = self.random.randrange(many), self.random.choice((1, 1, 10, 10 ** 6))
            self.fail_at(number, repeat)
            try:
                self.server.start()
                self.shim.quiet()
                self.assertEqual(self.server.stop(), 0, (number, repeat, SEED, self.server.errors()))
            except AssertionError as fault:
                status = self.server.process.returncode
                self.assertIn(status, (5, 6, 8), (number, repeat, SEED, status, str(fault)))
            self.shim.quiet()
        failed = self.shim["failed"]
        self.server.start()
        self.assertEqual(self.shim["failed"], failed, "a fault was left over")
        self.finish()

    def finish(self):
        self.shim.quiet()
        root = self.server.client(self.root.token)
        try:
            self.assertEqual(root.post("/api/tag", {"name": "after all"}).status, 201)
        except OSError as fault:
            raise AssertionError(f"it is gone, SEED={SEED}", self.server.process.poll(), self.server.errors()) from fault
        ended = self.server.stop()
        self.assertEqual(ended, 0, (f"SEED={SEED}", self.shim["failed"], self.server.errors()[-900:]))
        mandate("verify", "--data", self.server.data)


class Allocations(Torture, unittest.TestCase):
    def fail_at(self, number, repeat=1):
        self.shim.fail_allocation(number, repeat)

    def counted(self):
        return self.shim["allocations"]


class Writes(Torture, unittest.TestCase):
    """A write or a sync fails: of what was refused for that, a part may be on the disk, so it may be there after all."""

    def fail_at(self, number, repeat=1):
        self.shim.fail_write(number, self.random.choice((errno.EIO, errno.ENOSPC)), repeat)

    def counted(self):
        return self.shim["writes"]

    def check(self, stands, acknowledged, what):
        self.assertTrue(stands or not acknowledged, what)


if __name__ == "__main__":
    unittest.main()
