"""`mandate detect` and `mandate rules check` under what nobody should send: every line is counted, none stops the rest."""
import json
import os
import random
import re
import subprocess
import tempfile
import unittest

MANDATE = os.environ.get("MANDATE", "")
RULE = """title: hit
id: 11111111-1111-4111-8111-111111111111
logsource: {category: test}
level: low
detection:
    s: {a: needle}
    condition: s
"""
GOOD = b'{"a":"needle"}'


def can_detect():
    if not MANDATE:
        return False
    done = subprocess.run([MANDATE, "detect", "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0 and b"--rules" in done.stdout


# what a line can be that is no event; each stands between two good ones
BROKEN = {
    "not closed": b'{"a":"needle"',
    "two values": b'{"a":1}{"b":2}',
    "a list": b'[{"a":"x"}]',
    "a number": b"17",
    "no quotes": b"{a:needle}",
    "a comma": b'{"a":"x",}',
    "a bad escape": b'{"a":"\\q"}',
    "half a surrogate": b'{"a":"\\ud800"}',
    "bad UTF-8": b'{"a":"\xff\xfe"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "a NUL in a text": b'{"a":"x\x00y"}',
    "a NUL alone": b"\x00",
    "blanks": b" \t ",
    "nothing": b"",
    "deep lists": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "deep maps": b'{"a":' * 3000 + b"1" + b"}" * 3000,
    "many members": b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(50000)) + b"}",
    "a long text": b'{"b":"' + b"x" * (3 << 20) + b'"}',
    "a long name": b'{"' + b"n" * (1 << 20) + b'":1}',
    "a large number": b'{"b":' + b"9" * 4000 + b"}",
    "the same name twice": b'{"a":"x","a":"y"}',
    "a byte order mark": b"\xef\xbb\xbf" + b'{"b":1}',
    "binary noise": bytes(b for b in random.Random(1).randbytes(4000) if b not in b"\r\n"),
}


def in_file(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


@unittest.skipUnless(can_detect(), "there is no `mandate detect` (MANDATE names the program)")
class Hostile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.rules = os.path.join(self.folder.name, "rules")
        os.mkdir(self.rules)
        in_file(self.rules, "hit.yml", RULE.encode())

    def detect(self, data, *more, timeout=120):
        path = in_file(self.folder.name, "log", data)
        done = subprocess.run([MANDATE, "detect", "--rules", self.rules, "--no-event", *more, path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        return done.returncode, [json.loads(line)["line"] for line in done.stdout.splitlines()], done.stderr.decode(errors="replace")

    def balanced(self, said, read):
        """read = matched + unmatched + rejected, as the summary tells them."""
        numbers = {word: int(number.replace(",", "")) for number, word in re.findall(r"([\d,]+) (read|matched|unmatched|rejected)", said)}
        self.assertEqual(set(numbers), {"read", "matched", "unmatched", "rejected"}, said)
        self.assertEqual(numbers["read"], numbers["matched"] + numbers["unmatched"] + numbers["rejected"], said)
        self.assertEqual(numbers["read"], read, said)

    def test_each_broken_line_spoils_only_itself(self):
        for name, line in BROKEN.items():
            with self.subTest(name):
                code, hits, said = self.detect(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
                self.assertEqual((code, hits), (1, [1, 3]), (name, said))

    def test_all_together_are_counted(self):
        data = b"".join(line + b"\n" for line in BROKEN.values()) + GOOD
        code, hits, said = self.detect(data)
        self.assertEqual((code, hits), (1, [len(BROKEN) + 1]), said)
        blank = sum(not line.strip() for line in BROKEN.values())
        numbers = re.findall(r"([\d,]+) read", said)
        self.assertTrue(numbers, said)
        self.balanced(said, int(numbers[0].replace(",", "")))
        self.assertIn(int(numbers[0].replace(",", "")), range(len(BROKEN) + 1 - blank, len(BROKEN) + 2), said)

    def test_line_ends(self):
        code, hits, said = self.detect(GOOD + b"\r\n" + GOOD + b"\n\n" + GOOD)
        self.assertEqual((code, hits), (1, [1, 2, 4]), said)

    def test_broken_archives(self):
        for name, data in {"zstd": b"\x28\xb5\x2f\xfd" + b"\x00" * 40, "gzip": b"\x1f\x8b\x08\x00" + b"\xff" * 40}.items():
            code, _, said = self.detect(data)
            self.assertEqual(code, 2, (name, said))

    def test_no_file_and_no_rules(self):
        done = subprocess.run([MANDATE, "detect", "--rules", self.rules, "/nowhere/at/all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2, done.stderr)
        done = subprocess.run([MANDATE, "detect", "--rules", "/nowhere/at/all", "/dev/null"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_broken_rules_do_not_stop_the_good_one(self):
        body = {"yaml": b"a: [", "binary": b"\x00\xff\xfe", "empty": b"", "list": b"- 1", "no detection": b"title: x",
                "anchor bomb": b"a: &a [x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
                "deep condition": RULE.replace("condition: s", "condition: " + "(" * 20000 + "s" + ")" * 20000).encode(),
                "many nots": RULE.replace("condition: s", "condition: " + "not " * 20000 + "s").encode(),
                "deep yaml": ("detection: " + "[" * 3000 + "]" * 3000).encode(),
                "long": RULE.replace("needle", "x" * (2 << 20)).encode()}
        for name, text in body.items():
            in_file(self.rules, name.replace(" ", "_") + ".yml", text.replace(b"11111111-1111", b"22222222-2222"))
        done = subprocess.run([MANDATE, "rules", "check", self.rules], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        self.assertNotIn(done.returncode, (0, -11, -6, 99), done.stdout[-2000:])
        self.assertIn(b"yaml.yml:", done.stdout)
        code, hits, said = self.detect(GOOD + b"\n{}\n")
        self.assertIn((code, hits), [(1, [1]), (1, [1, 1])], said)

    def test_hostile_expressions_end(self):
        for number, (expression, value) in enumerate([("(a+)+$", "a" * 60 + "!"), ("(a|a)*b", "a" * 4000), ("(.*)*x", "y" * 4000),
                                                      ("(?:a?){60}a{60}", "a" * 60), ("(" * 200 + "a" + ")" * 200, "a")]):
            for old in os.listdir(self.rules):
                os.remove(os.path.join(self.rules, old))
            in_file(self.rules, "re.yml", RULE.replace("{a: needle}", "{a|re: '" + expression + "'}").encode())
            event = json.dumps({"a": value}).encode()
            code, _, said = self.detect((event + b"\n") * 20, timeout=60)
            self.assertIn(code, (0, 1, 2), (number, said))

    def test_wildcards_do_not_explode(self):
        in_file(self.rules, "hit.yml", RULE.replace("a: needle", "a: '" + "*a" * 40 + "*b'").encode())
        code, hits, said = self.detect(json.dumps({"a": "a" * 100000}).encode() + b"\n" + json.dumps({"a": "a" * 50 + "b"}).encode())
        self.assertEqual((code, hits), (1, [2]), said)


if __name__ == "__main__":
    unittest.main()
