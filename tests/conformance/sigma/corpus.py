"""The rules, events and regression cases of the shared corpus, when it is there. MANDATE_CORPUS names another place."""
import glob
import json
import os
import subprocess

from . import spec
from .events import Event

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def folder():
    for place in (os.environ.get("MANDATE_CORPUS"), os.path.join(ROOT, "../shared/corpus")):
        if place and os.path.isdir(os.path.join(place, "sigma")):
            return os.path.abspath(place)
    return None


def rule_files():
    return sorted(glob.glob(os.path.join(folder(), "sigma/rules*/**/*.yml"), recursive=True))


def rules(given=None):
    """(rules, what was refused: path and why), in the order of their paths."""
    good, refused = [], []
    for path in rule_files():
        with open(path, encoding="utf-8") as file:
            try:
                for document in spec.documents(file.read()):
                    if "detection" in document:
                        rule = spec.Rule(document, given)
                        rule.path = path
                        good.append(rule)
            except (spec.Refused, spec.yaml.YAMLError) as fault:
                refused.append((path, str(fault)))
    return good, refused


def lines():
    """The raw lines of the events, in order."""
    done = subprocess.run(["zstd", "-dcq", os.path.join(folder(), "logs/otrf.ndjson.zst")], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8").splitlines()


def event(line):
    return Event(json.loads(line))


def regressions():
    """(rule id, path, raw event, how many of the file match) of each case."""
    for info in sorted(glob.glob(os.path.join(folder(), "sigma/regression/**/info.yml"), recursive=True)):
        with open(info, encoding="utf-8") as file:
            told = spec.documents(file.read())[0]
        for meta in told["rule_metadata"]:
            path = os.path.join(os.path.dirname(info), str(meta["id"]) + ".json")
            counts = [test.get("match_count", 1) for test in told["regression_tests_info"]]
            if os.path.exists(path):
                yield str(meta["id"]), path, counts[0]


def regression_events(path):
    """A file holds one event, or several one after another, or a list of them."""
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text):
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text):
            break
        value, at = decoder.raw_decode(text, at)
        found += value if isinstance(value, list) else [value]
    return found
