"""Detection against specification 2.1.0 of Sigma: the slow evaluator of sigma/ checks itself on vectors and other people's cases, then
`mandate detect` must say the same, pair by pair. Needs the corpus for some of it (../shared/corpus), and says so when it is not there."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
import uuid

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sigma import correlation, corpus, matrix, source, spec  # noqa: E402
from sigma.events import Event  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sigma")
MANDATE = os.environ.get("MANDATE", "")
SEED, SAMPLE = 6, 2500
RULES = ("r1", "r2", "r3")
# of the hits of all 3,779 rules on all 61,004 events by the specification (python3 -m sigma.matrix): 5,614,944 pairs, 758 hits
PUBLISHED = "1295bf739523bb4a68b4955efdb94aecdf5263d634c080c1732dcbbff0661f82"


def load(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return spec.documents(file.read())[0]


def can_detect():
    """Whether the program has the verb at all."""
    if not MANDATE:
        return False
    done = subprocess.run([MANDATE, "detect", "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0 and b"--rules" in done.stdout


def need_mandate(test):
    return unittest.skipUnless(can_detect(), "there is no `mandate detect` (MANDATE names the program)")(test)


def need_corpus(test):
    return unittest.skipUnless(corpus.folder(), "../shared/corpus is not here")(test)


class Files:
    """Rules and events on disk for one run of `mandate detect`."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.rules = os.path.join(self.folder.name, "rules")
        os.mkdir(self.rules)

    def rule(self, name, *documents):
        with open(os.path.join(self.rules, name + ".yml"), "w", encoding="utf-8") as file:
            yaml.safe_dump_all(documents, file, allow_unicode=True, sort_keys=False)

    def detect(self, lines, *more):
        path = os.path.join(self.folder.name, "events.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        done = subprocess.run([MANDATE, "detect", "--rules", self.rules, *more, "--no-event", path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        if done.returncode not in (0, 1):
            raise AssertionError(done.stderr.decode(errors="replace"))
        hits = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == (1 if hits else 0), done.stderr
        return [(hit["line"], hit["rule"]) for hit in hits]


def document(detection):
    return {"title": "vector", "id": str(uuid.uuid4()), "status": "test", "logsource": {"category": "test"}, "level": "low",
            "detection": detection}


class Vectors(unittest.TestCase):
    def cases(self):
        for vector in load("vectors.yaml"):
            if "detection" in vector:
                yield vector

    def test_specification(self):
        seen = 0
        for vector in self.cases():
            rule = spec.Rule(document(vector["detection"]))
            for line in vector["meets"]:
                self.assertTrue(rule.holds(Event(json.loads(line))), (vector["name"], line))
            for line in vector["misses"]:
                self.assertFalse(rule.holds(Event(json.loads(line))), (vector["name"], line))
            self.assertTrue(vector["meets"] and vector["misses"], vector["name"])
            seen += 1
        self.assertGreater(seen, 80)

    def test_every_modifier_has_a_vector(self):
        used = set()
        def walk(value):
            if isinstance(value, dict):
                for key, inner in value.items():
                    used.update(str(key).split("|")[1:])
                    walk(inner)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner)
        walk([vector["detection"] for vector in self.cases()])
        self.assertEqual(spec.KNOWN - used, {"expand", "ignorecase", "multiline", "dotall"})

    def test_expand(self):
        given = {"Servers": ["srv*", "db1"], "Path": ["C:\\x"]}
        body = {"s": {"a|expand": "%Servers%", "b|expand|contains": "\\%p%Path%\\"}, "condition": "s"}
        rule = spec.Rule(document(body), given)
        self.assertTrue(rule.holds(Event({"a": "SRV12", "b": "is %pc:\\x\\y"})))
        self.assertTrue(rule.holds(Event({"a": "db1", "b": "%pC:\\X\\"})))
        self.assertFalse(rule.holds(Event({"a": "db12", "b": "%pC:\\X\\"})))
        self.assertFalse(spec.Rule(document(body)).holds(Event({"a": "%Servers%", "b": "%p%Path%\\"})))

    def test_refused(self):
        for vector in load("vectors.yaml"):
            for detection in vector.get("refused", []):
                with self.assertRaises(spec.Refused, msg=detection):
                    spec.Rule(document(detection))

    @need_mandate
    def test_mandate_says_the_same(self):
        files, lines, want = Files(), [], set()
        rules = {}
        for number, vector in enumerate(self.cases()):
            # a member of its own keeps the vectors apart; it comes through no rule but its own
            body = dict(vector["detection"])
            condition = body.pop("condition")
            conditions = condition if isinstance(condition, list) else [condition]
            body["_vector"] = {"vector": f"v{number}"}
            told = document({**body, "condition": [f"_vector and ({one})" for one in conditions]})
            files.rule(f"v{number}", told)
            rules[told["id"]] = vector["name"]
            for line in vector["meets"] + vector["misses"]:
                event = json.loads(line)
                event["vector"] = f"v{number}"
                lines.append(json.dumps(event))
                if line in vector["meets"]:
                    want.add((len(lines), told["id"]))
        got = files.detect(lines)
        wrong = [(rules[rule], lines[line - 1], "missed" if (line, rule) in want else "wrongly told")
                 for line, rule in sorted(want ^ set(got))]
        self.assertEqual(wrong, [])
        self.assertEqual(len(got), len(set(got)))

    @need_mandate
    def test_mandate_refuses_the_same(self):
        for vector in load("vectors.yaml"):
            for detection in vector.get("refused", []):
                files = Files()
                files.rule("bad", document(detection))
                done = subprocess.run([MANDATE, "rules", "check", files.rules], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertNotEqual(done.returncode, 0, (detection, done.stdout))
                self.assertIn(b"bad.yml:", done.stdout, detection)


class Correlations(unittest.TestCase):
    def rules(self):
        return [dict(document({"s": {"n": number}, "condition": "s"}), name=name) for number, name in enumerate(RULES, 1)]

    def told(self, vector):
        return {"title": vector["name"], "id": str(uuid.uuid4()), "correlation": vector["correlation"], "level": "high"}

    def test_specification(self):
        rules = [(rule["name"], spec.Rule(rule)) for rule in self.rules()]
        for vector in load("correlations.yaml"):
            stream, places = [], []
            for place, (time, body) in enumerate(vector["events"], 1):
                event = Event(body)
                for name, rule in rules:
                    if rule.holds(event):
                        stream.append((time, name, event))
                        places.append((event, place))
            fired = correlation.Correlation(self.told(vector)).run(stream)
            self.assertEqual([next(p for e, p in places if e is event) for _, _, event in fired], vector["fires"], vector["name"])

    @need_mandate
    def test_mandate_says_the_same(self):
        for vector in load("correlations.yaml"):
            files = Files()
            told = self.told(vector)
            files.rule("all", *self.rules(), told)
            lines = [json.dumps(dict(body, **{"@timestamp": stamp(time)})) for time, body in vector["events"]]
            got = [line for line, rule in files.detect(lines) if rule == told["id"]]
            self.assertEqual(got, vector["fires"], vector["name"])


def stamp(seconds):
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"2024-01-{1 + days:02}T{hour:02}:{minute:02}:{second:02}.000Z"


class Corpus(unittest.TestCase):
    @need_corpus
    def test_every_rule_loads(self):
        rules, refused = corpus.rules()
        self.assertEqual(refused, [])
        self.assertEqual(len(rules), 3779)

    @need_corpus
    def test_every_regression_case_meets_its_rule(self):
        rules = {rule.id: rule for rule in corpus.rules()[0]}
        cases = list(corpus.regressions())
        self.assertEqual(len(cases), 110)
        for rule, path, count in cases:
            events = [Event(raw) for raw in corpus.regression_events(path)]
            met = [event for event in events if rules[rule].holds(event)]
            self.assertGreaterEqual(len(met), count, path)
            self.assertTrue(all(source.routed(rules[rule].logsource, source.sources(event)) for event in met), path)

    @need_corpus
    @need_mandate
    def test_mandate_meets_every_regression_case(self):
        rules, _ = corpus.rules()
        raw, want = [], []
        for _, path, _ in corpus.regressions():
            raw += corpus.regression_events(path)
        lines = [json.dumps(event, ensure_ascii=False) for event in raw]
        numbers = list(range(1, len(lines) + 1))
        for number, event in zip(numbers, map(Event, raw)):
            belongs = source.sources(event)
            want += [(number, rule.id) for rule in rules if source.routed(rule.logsource, belongs) and rule.holds(event)]
        self.assertEqual(matrix.differences(want, matrix.mandate(MANDATE, numbers, lines)), [])

    @need_corpus
    @need_mandate
    def test_matrix(self):
        """A sample by seed in the short run; every rule on every event in the long one."""
        lines = corpus.lines()
        everything = bool(os.environ.get("LONG"))
        numbers = list(range(1, len(lines) + 1)) if everything else matrix.sample(len(lines), SEED, SAMPLE)
        slow, pairs = matrix.matrix(numbers, lines, cache=os.environ.get("MANDATE_MATRIX_CACHE"))
        fast = matrix.mandate(MANDATE, numbers, lines)
        print(f"matrix: {len(numbers)} events, {pairs} pairs, {len(slow)} hits, digest {matrix.digest(slow)}", flush=True)
        self.assertEqual(matrix.differences(slow, fast), [])
        self.assertEqual(matrix.digest(slow), matrix.digest(fast))
        self.assertGreater(len(slow), 0)
        if everything:
            self.assertEqual(matrix.digest(slow), PUBLISHED)


if __name__ == "__main__":
    unittest.main()
