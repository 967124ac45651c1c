"""The rule × event matrix over the corpus, by the slow evaluator: which rules hold for which events.

Usage: python3 -m sigma.matrix [--sample SEED COUNT] [--all-sources] [--out FILE] [--mandate BINARY]

Prints the number of pairs looked at, of hits, and the SHA-256 digest of the hits, one a line as "line<TAB>rule id", by line and then
by rule id. --all-sources leaves the routing by log source aside, so every rule meets every event (hours). --mandate runs `mandate
detect` over the same events and tells every difference. Work is done in slices by all cores and kept in --cache DIR, so that a run
that was stopped goes on where it was.
"""
import argparse
import gzip
import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile

from . import corpus, source

SLICE = 500


def digest(hits):
    return hashlib.sha256("".join(f"{line}\t{rule}\n" for line, rule in sorted(hits)).encode()).hexdigest()


def sample(count, seed, most):
    """Line numbers (from 1) chosen by the seed, in order."""
    return sorted(random.Random(seed).sample(range(1, count + 1), min(most, count)))


def evaluate(rules, line, everywhere):
    """(ids of the rules that hold, pairs looked at)"""
    event = corpus.event(line)
    belongs = source.sources(event)
    looked = [rule for rule in rules if everywhere or source.routed(rule.logsource, belongs)]
    return [rule.id for rule in looked if rule.holds(event)], len(looked)


class Worker:
    rules = None
    routes = {}

    @classmethod
    def candidates(cls, event, everywhere):
        """The rules for the sources an event belongs to; the same for all events of the same sources."""
        belongs = source.sources(event)
        key = None if belongs is None or everywhere else tuple(tuple(sorted(has)) for has in belongs)
        if key not in cls.routes:
            cls.routes[key] = [rule for rule in cls.rules if everywhere or source.routed(rule.logsource, belongs)]
        return cls.routes[key]

    @classmethod
    def run(cls, task):
        numbers, lines, everywhere = task
        if cls.rules is None:
            cls.rules = corpus.rules()[0]
        hits, pairs = [], 0
        for number, line in zip(numbers, lines):
            event = corpus.event(line)
            looked = cls.candidates(event, everywhere)
            pairs += len(looked)
            hits += [(number, rule.id) for rule in looked if rule.holds(event)]
        return hits, pairs


def state(everywhere):
    """What a cached slice depends on: the rules, the events, this evaluator."""
    told = hashlib.sha256(b"all" if everywhere else b"routed")
    here = os.path.dirname(os.path.abspath(__file__))
    for path in [os.path.join(here, name) for name in ("events.py", "source.py", "spec.py", "matrix.py")] + corpus.rule_files():
        with open(path, "rb") as file:
            told.update(hashlib.sha256(file.read()).digest())
    return told


def matrix(numbers, lines, everywhere=False, cache=None, jobs=None, tell=None):
    """(hits as (line, rule id), pairs looked at) for the lines of these numbers."""
    tasks = [(numbers[at:at + SLICE], [lines[n - 1] for n in numbers[at:at + SLICE]], everywhere)
             for at in range(0, len(numbers), SLICE)]
    hits, pairs, open_tasks, base = [], 0, [], state(everywhere) if cache else None
    for task in tasks:
        path = None
        if cache:
            own = base.copy()
            own.update("\n".join(task[1]).encode() + repr(task[0]).encode())
            path = os.path.join(cache, own.hexdigest() + ".json.gz")
            if os.path.exists(path):
                with gzip.open(path, "rt") as file:
                    kept = json.load(file)
                hits += [tuple(hit) for hit in kept["hits"]]
                pairs += kept["pairs"]
                continue
        open_tasks.append((task, path))
    with multiprocessing.Pool(jobs or os.cpu_count()) as pool:
        for (task, path), (found, looked) in zip(open_tasks, pool.imap(Worker.run, [task for task, _ in open_tasks])):
            hits += found
            pairs += looked
            if path:
                os.makedirs(cache, exist_ok=True)
                with gzip.open(path + ".new", "wt") as file:
                    json.dump({"hits": found, "pairs": looked}, file)
                os.replace(path + ".new", path)
            if tell:
                tell(f"{task[0][-1]} of {numbers[-1]}")
    return sorted(hits), pairs


def mandate(binary, numbers, lines, more=()):
    """The hits of `mandate detect` over these lines, by the same numbers."""
    rules = [path for path in sorted(os.listdir(os.path.join(corpus.folder(), "sigma"))) if path.startswith("rules")]
    command = [binary, "detect"]
    for path in rules:
        command += ["--rules", os.path.join(corpus.folder(), "sigma", path)]
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as file:
        file.writelines(lines[n - 1] + "\n" for n in numbers)
        file.flush()
        done = subprocess.run(command + ["--no-event", *more, file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted((numbers[hit["line"] - 1], hit["rule"]) for hit in hits)


def differences(slow, fast):
    """What only one of the two says, as lines to read."""
    only_slow, only_fast = sorted(set(slow) - set(fast)), sorted(set(fast) - set(slow))
    twice = len(fast) - len(set(fast))
    return [f"only by the specification: line {n}, rule {rule}" for n, rule in only_slow] + \
           [f"only by mandate: line {n}, rule {rule}" for n, rule in only_fast] + \
           ([f"{twice} hits were told twice"] if twice else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sample", nargs=2, type=int, metavar=("SEED", "COUNT"))
    parser.add_argument("--all-sources", action="store_true")
    parser.add_argument("--cache")
    parser.add_argument("--out")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--mandate")
    told = parser.parse_args()
    lines = corpus.lines()
    numbers = sample(len(lines), *told.sample) if told.sample else list(range(1, len(lines) + 1))
    hits, pairs = matrix(numbers, lines, told.all_sources, told.cache, told.jobs,
                         lambda text: print("\r" + text, end="", file=sys.stderr, flush=True))
    print(f"\nevents {len(numbers)}, pairs {pairs}, hits {len(hits)}, digest {digest(hits)}")
    if told.out:
        with open(told.out, "w", encoding="utf-8") as file:
            file.writelines(f"{n}\t{rule}\n" for n, rule in hits)
    if told.mandate:
        different = differences(hits, mandate(told.mandate, numbers, lines, ["--all-sources"] if told.all_sources else []))
        print("\n".join(different[:200]) or "mandate says the same")
        sys.exit(bool(different))


if __name__ == "__main__":
    main()
