"""Correlations of Sigma 2.1.0 over a list of events in the order of time, each window counted anew: quadratic and plain.

A correlation fires with an event when the events of its group in the timespan that ends with that event (both ends
included) meet its condition. What it fired on are events of the correlation itself, for those that name it in turn.
"""
import decimal
import re

from . import events, spec

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text):
    found = re.fullmatch(r"(\d+)([smhd])", str(text))
    if not found:
        raise spec.Refused(f"timespan: {text}")
    return int(found.group(1)) * SECONDS[found.group(2)]


class Correlation:
    def __init__(self, document):
        body = document["correlation"]
        self.id, self.name, self.title = str(document.get("id", "")), document.get("name"), document.get("title", "")
        self.type, self.rules = body["type"], [str(rule) for rule in as_list(body.get("rules"))]
        self.group = as_list(body.get("group-by"))
        self.span = seconds(body["timespan"])
        self.aliases = body.get("aliases") or {}
        self.generate = bool(document.get("generate", body.get("generate", False)))
        condition = dict(body.get("condition") or {})
        self.fields = as_list(condition.pop("field", None))
        self.percentile = condition.pop("percentile", 50)
        self.tests = [(spec.COMPARE[name], decimal.Decimal(str(value))) for name, value in condition.items()]
        if self.type in ("temporal", "temporal_ordered") and not self.tests:
            self.tests = [(spec.COMPARE["gte"], len(self.rules))]
        if not self.tests or (self.type.startswith("value_") and not self.fields):
            raise spec.Refused("correlation: its condition is not complete")

    def key(self, rule, event):
        """The values of group-by, through the aliases; None when the event has not all of them."""
        values = []
        for field in self.group:
            aliased = self.aliases.get(field)
            if aliased is not None:
                field = aliased.get(rule)
                if field is None:
                    return None
            found = [value for value in event.values(field) if value is not None]
            if not found:
                return None
            values.append(events.text(found[0]))
        return tuple(values)

    def measure(self, window):
        """window: (rule, event) in order."""
        if self.type == "event_count":
            return len(window)
        if self.type == "value_count":
            seen = set()
            for _, event in window:
                values = [event.values(field) for field in self.fields]
                if all(v and v[0] is not None for v in values):
                    seen.add(tuple(events.text(v[0]) for v in values))
            return len(seen)
        if self.type == "temporal":
            return len({rule for rule, _ in window})
        if self.type == "temporal_ordered":
            return longest_prefix(self.rules, [rule for rule, _ in window])
        numbers = sorted(n for _, event in window for n in [spec.number(first(event.values(self.fields[0])))] if n is not None)
        if not numbers:
            return None
        if self.type == "value_sum":
            return sum(numbers)
        if self.type == "value_avg":
            return sum(numbers) / len(numbers)
        if self.type == "value_percentile":
            return percentile(numbers, self.percentile)
        raise spec.Refused(f"correlation type {self.type}")

    def run(self, stream):
        """stream: (time in seconds, rule, event) in order. Yields (time, group, event) of each firing."""
        kept = []
        for time, rule, event in stream:
            key = self.key(rule, event)
            if rule not in self.rules or key is None:
                continue
            kept.append((time, key, rule, event))
            window = [(r, e) for t, k, r, e in kept if k == key and time - self.span <= t <= time]
            measured = self.measure(window)
            if measured is not None and all(compare(measured, value) for compare, value in self.tests):
                yield time, key, event


def longest_prefix(order, seen):
    """How many of the rules, from the first on, occur one after the other."""
    best = at = 0
    for rule in seen:
        if at < len(order) and rule == order[at]:
            at += 1
            best = max(best, at)
    return best


def percentile(numbers, share):
    """Nearest rank."""
    rank = -(-decimal.Decimal(str(share)) * len(numbers) // 100)
    return numbers[max(int(rank), 1) - 1]


def as_list(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def first(values):
    return values[0] if values else None
