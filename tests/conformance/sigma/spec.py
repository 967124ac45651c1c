"""Detection rules of Sigma 2.1.0, read and evaluated one by one: no index, no shared work, only what the text says.

Where the specification leaves a choice it is made in one place, named in CHOICES.
"""
import base64
import datetime
import decimal
import functools
import ipaddress
import itertools
import re

import yaml

from . import events

CHOICES = """
- Regular expressions are searched for anywhere in the value; \\w, \\d and \\s are ASCII.
- Case-insensitive means simple Unicode folding, character by character.
- A field with several values matches when one of them does; with `all`, when each wanted value is met by one of them.
- `neq` is the negation of the whole item, so a field that is not there is different.
- A keyword is looked for inside every value of the event, not in the names.
- A placeholder nobody gave values for matches nothing.
- Each of the five dashes in a `windash` value at the start of a word (no letter or digit before it, one after it) may be any of the five.
- `week` is the week of ISO 8601.
- Conditions of a filter are joined with `and` as they stand.
"""


class Refused(Exception):
    """The rule is not Sigma."""


# --- strings with wildcards ------------------------------------------------------------------------------

ANY, ONE = object(), object()


def pattern(value):
    """A string of a rule as a list of characters and wildcards ("Escape Character")."""
    out, at = [], 0
    while at < len(value):
        letter = value[at]
        if letter == "\\" and at + 1 < len(value) and value[at + 1] in "\\*?":
            out.append(value[at + 1])
            at += 2
            continue
        out.append({"*": ANY, "?": ONE}.get(letter, letter))
        at += 1
    return tuple(out)


def plain(parts):
    if any(part in (ANY, ONE) for part in parts):
        raise Refused("this modifier takes no wildcards")
    return "".join(parts)


@functools.lru_cache(maxsize=None)
def matcher(parts, cased):
    expression = "".join(".*" if part is ANY else "." if part is ONE else re.escape(part) for part in parts)
    return re.compile(expression, re.DOTALL | (0 if cased else re.IGNORECASE))


@functools.lru_cache(maxsize=1 << 20)
def string_matches(parts, cased, value):
    return matcher(parts, cased).fullmatch(value) is not None


@functools.lru_cache(maxsize=1 << 18)
def expression_matches(expression, value):
    return expression.search(value) is not None


# --- the kinds of wanted values: each answers whether one value of an event meets it ------------------------

class String:
    def __init__(self, parts, cased=False):
        self.parts, self.cased = tuple(parts), cased

    def met(self, value, event):
        return value is not None and string_matches(self.parts, self.cased, events.text(value))


class Null:
    def met(self, value, event):
        return value is None


class Expression:
    def __init__(self, source, flags=0):
        self.source, self.flags = source, flags
        self.compiled = compiled(source, flags)

    def met(self, value, event):
        return value is not None and expression_matches(self.compiled, events.text(value))


def compiled(source, flags):
    # PCRE takes an option anywhere and then for what follows; Python only at the start
    while True:
        option = re.match(r"\(\?([ims]+)\)", source)
        if not option:
            break
        for letter in option.group(1):
            flags |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[letter]
        source = source[option.end():]
    try:
        return re.compile(source, flags | (0 if flags & re.IGNORECASE else re.ASCII))
    except (re.error, RecursionError) as fault:
        raise Refused(f"regular expression: {fault}") from fault


class Network:
    def __init__(self, value):
        try:
            self.network = ipaddress.ip_network(value, strict=False)
        except ValueError as fault:
            raise Refused(str(fault)) from fault

    def met(self, value, event):
        try:
            return ipaddress.ip_address(events.text(value).strip()) in self.network
        except ValueError:
            return False


def number(value):
    if value is None or isinstance(value, bool):
        return None
    try:
        parsed = decimal.Decimal(events.text(value).strip())
        return parsed if parsed.is_finite() else None
    except decimal.InvalidOperation:
        return None


COMPARE = {"lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b,
           "eq": lambda a, b: a == b, "neq": lambda a, b: a != b}


class Compared:
    def __init__(self, operator, value, part=None):
        self.operator, self.part, self.value = operator, part, number(value)
        if self.value is None:
            raise Refused(f"{operator} needs a number")

    def met(self, value, event):
        has = number(value) if self.part is None else time_part(value, self.part)
        return has is not None and COMPARE[self.operator](has, self.value)


def time_part(value, part):
    """A number out of a date as it stands: no zones, no conversions."""
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?", events.text(value))
    if not found:
        return None
    year, month, day, hour, minute = (int(group) if group else None for group in found.groups())
    try:
        week = datetime.date(year, month, day).isocalendar()[1]
    except ValueError:
        return None
    if hour is not None and (hour > 23 or minute > 59):
        return None
    return {"year": year, "month": month, "day": day, "hour": hour, "minute": minute, "week": week}[part]


class Reference:
    def __init__(self, field, how, cased):
        self.field, self.how, self.cased = field, how, cased

    def met(self, value, event):
        if value is None:
            return False
        for other in event.values(self.field):
            if other is None:
                continue
            parts = list(events.text(other))
            if self.how in ("contains", "endswith"):
                parts.insert(0, ANY)
            if self.how in ("contains", "startswith"):
                parts.append(ANY)
            if string_matches(tuple(parts), self.cased, events.text(value)):
                return True
        return False


# --- modifiers, in the order they are written -------------------------------------------------------------

DASHES = "-/\u2013\u2014\u2015"
TIME_PARTS = ("minute", "hour", "day", "week", "month", "year")
KNOWN = {"all", "startswith", "endswith", "contains", "exists", "cased", "neq", "windash", "re", "i", "m", "s", "base64",
         "base64offset", "utf16le", "utf16be", "utf16", "wide", "lt", "lte", "gt", "gte", "cidr", "expand", "fieldref",
         "ignorecase", "multiline", "dotall", *TIME_PARTS}


def windash(parts):
    def word(part):
        return isinstance(part, str) and (part.isalnum() or part == "_")
    places = [at for at, part in enumerate(parts) if isinstance(part, str) and part in DASHES
              and not (at and word(parts[at - 1])) and at + 1 < len(parts) and word(parts[at + 1])]
    for chosen in itertools.product(DASHES, repeat=len(places)):
        out = list(parts)
        for at, dash in zip(places, chosen):
            out[at] = dash
        yield tuple(out)


def octets(value):
    """Bytes of a value that may already be the bytes of another encoding, as text with one letter a byte where need be."""
    return value if isinstance(value, bytes) else plain(value).encode("utf-8")


def offsets(value):
    for shift in range(3):
        encoded = base64.b64encode(b" " * shift + value).decode()
        first, last = (0, 2, 3)[shift], (None, -3, -2)[(len(value) + shift) % 3]
        yield encoded[first:last]


UTF16 = {"utf16le": ("utf-16-le", b""), "wide": ("utf-16-le", b""), "utf16be": ("utf-16-be", b""), "utf16": ("utf-16-le", b"\xff\xfe")}


def placeholders(value, given):
    """`%name%` replaced by each of its values; `\\%` is a plain percent."""
    pieces = re.split(r"(\\%|%[^%]+%)", value)
    choices = []
    for piece in pieces:
        if piece == "\\%":
            choices.append(["%"])
        elif re.fullmatch(r"%[^%]+%", piece):
            choices.append([str(one) for one in given.get(piece[1:-1], [])])
        else:
            choices.append([piece])
    return ["".join(chosen) for chosen in itertools.product(*choices)]


class Item:
    """One `field|modifiers: values` of a map."""

    def __init__(self, key, value, given):
        name, *modifiers = key.split("|")
        for modifier in modifiers:
            if modifier not in KNOWN:
                raise Refused(f"no such modifier: {modifier}")
        self.field, self.modifiers = name or None, modifiers
        self.all, self.neq = "all" in modifiers, "neq" in modifiers
        self.exists = None
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, (dict, list)) for one in values):
            raise Refused(f"{key}: a value, or a list of values")
        if "exists" in modifiers:
            if len(values) != 1 or not isinstance(values[0], bool):
                raise Refused("exists takes true or false")
            self.exists = values[0]
            return
        # each given value with the values it becomes; `all` links those given, what one becomes stays linked with OR
        self.wanted = [list(self.become(one, given)) for one in values]

    def become(self, value, given):
        if value is None:
            return [Null()]
        mods = [m for m in self.modifiers if m not in ("all", "neq", "cased")]
        cased = "cased" in self.modifiers
        if "re" in mods:
            return [self.expression(str(value), mods)]
        if "cidr" in mods:
            if "expand" in mods:
                return [Network(one) for one in placeholders(str(value), given)]
            return [Network(str(value))]
        for operator in ("lt", "lte", "gt", "gte"):
            if operator in mods:
                return [Compared(operator, value, self.time(mods))]
        if self.time(mods):
            return [Compared("eq", value, self.time(mods))]
        if "fieldref" in mods:
            how = [m for m in mods if m in ("startswith", "endswith", "contains")]
            return [Reference(str(value), how[0] if how else None, cased)]
        return [String(parts, cased) for parts in self.strings(value, mods, given)]

    @staticmethod
    def time(mods):
        return next((m for m in mods if m in TIME_PARTS), None)

    @staticmethod
    def expression(value, mods):
        flags = 0
        for m in mods:
            flags |= {"i": re.IGNORECASE, "ignorecase": re.IGNORECASE, "m": re.MULTILINE, "multiline": re.MULTILINE,
                      "s": re.DOTALL, "dotall": re.DOTALL}.get(m, 0)
        return Expression(value, flags)

    @staticmethod
    def strings(value, mods, given):
        value = events.text(value)
        forms = placeholders(value, given) if "expand" in mods else [value]
        current = [pattern(form) for form in forms]
        for m in mods:
            if m == "expand":
                continue
            following = []
            for one in current:
                if m == "contains":
                    following.append((ANY, *letters(one), ANY))
                elif m == "startswith":
                    following.append((*letters(one), ANY))
                elif m == "endswith":
                    following.append((ANY, *letters(one)))
                elif m == "windash":
                    following.extend(windash(one))
                elif m in UTF16:
                    encoding, mark = UTF16[m]
                    following.append(mark + (one.decode("utf-8") if isinstance(one, bytes) else plain(one)).encode(encoding))
                elif m == "base64":
                    following.append(tuple(base64.b64encode(octets(one)).decode()))
                elif m == "base64offset":
                    following.extend(tuple(form) for form in offsets(octets(one)))
                else:
                    raise Refused(f"{m} does not go with text")
            current = following
        return [letters(one) for one in current]

    def holds(self, event):
        if self.exists is not None:
            return event.exists(self.field) == self.exists
        if self.field is None:
            values = [value for value in event.everything() if value is not None]
        else:
            values = event.values(self.field) or [None]
        met = [any(one.met(value, event) for one in ones for value in values) for ones in self.wanted]
        result = all(met) if self.all else any(met)
        return not result if self.neq else result


def letters(one):
    """Bytes of an encoding as the text they are when they are UTF-8; else as what no text holds."""
    return tuple(one.decode("utf-8", "surrogateescape")) if isinstance(one, bytes) else one


class Keyword:
    """A string applied to the full message: anywhere inside a value."""

    def __init__(self, value, given):
        parts = pattern(events.text(value))
        self.wanted = String((ANY, *parts, ANY))

    def holds(self, event):
        return any(self.wanted.met(value, event) for value in event.everything())


def keyword_item(key, value, given):
    """'|all': a list of keywords, each of which must be there; other modifiers as for fields."""
    modifiers = [m for m in key.split("|")[1:]]
    shaping = {"contains", "startswith", "endswith", "re", "base64offset"}
    return Item(key if shaping & set(modifiers) else key + "|contains", value, given)


# --- search identifiers and the condition ------------------------------------------------------------------

class Group:
    def __init__(self, all_of, parts):
        self.all_of, self.parts = all_of, parts

    def holds(self, event):
        return all(p.holds(event) for p in self.parts) if self.all_of else any(p.holds(event) for p in self.parts)


def search(body, given):
    """Maps join with AND, lists with OR; a list's strings are keywords."""
    if isinstance(body, dict):
        return Group(True, [keyword_item(str(key), value, given) if not str(key).split("|")[0] else Item(str(key), value, given)
                            for key, value in body.items()])
    if isinstance(body, list):
        return Group(False, [search(one, given) if isinstance(one, (dict, list)) else Keyword(one, given) for one in body])
    if body is None:
        raise Refused("a search identifier without content")
    return Keyword(body, given)


class Condition:
    """or < and < not < x of < ( )"""

    def __init__(self, source, searches):
        self.tokens = re.findall(r"[()]|[^\s()]+", source)
        self.searches, self.at = searches, 0
        if not self.tokens:
            raise Refused("an empty condition")
        self.tree = self.either()
        if self.at < len(self.tokens):
            raise Refused(f"condition: {self.tokens[self.at]} was not expected")

    def peek(self):
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def take(self):
        if self.at >= len(self.tokens):
            raise Refused("condition: it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def either(self):
        sides = [self.both()]
        while self.peek() == "or":
            self.take()
            sides.append(self.both())
        return ("or", sides)

    def both(self):
        sides = [self.negated()]
        while self.peek() == "and":
            self.take()
            sides.append(self.negated())
        return ("and", sides)

    def negated(self):
        if self.peek() == "not":
            self.take()
            return ("not", [self.negated()])
        return self.one()

    def one(self):
        token = self.take()
        if token == "(":
            inside = self.either()
            if self.take() != ")":
                raise Refused("condition: ) expected")
            return inside
        if token.lower() in ("1", "any", "all") and self.peek() == "of":
            self.take()
            names = self.named(self.take())
            return ("and" if token.lower() == "all" else "or", [("search", [name]) for name in names])
        if token not in self.searches:
            raise Refused(f"condition: {token} is not defined")
        return ("search", [token])

    def named(self, wanted):
        if wanted.lower() == "them":
            wanted = "*"
        expression = re.compile(".*".join(re.escape(part) for part in wanted.split("*")))
        names = [name for name in self.searches if expression.fullmatch(name) and (wanted[0] == "_" or name[0] != "_")]
        if not names:
            raise Refused(f"condition: nothing is named {wanted}")
        return names

    def holds(self, event):
        return self.value(self.tree, event)

    def value(self, node, event):
        kind, inside = node
        if kind == "search":
            return self.searches[inside[0]].holds(event)
        if kind == "not":
            return not self.value(inside[0], event)
        if kind == "and":
            return all(self.value(one, event) for one in inside)
        return any(self.value(one, event) for one in inside)


class Rule:
    def __init__(self, document, given=None):
        self.document = document
        self.id, self.name = str(document.get("id", "")), document.get("name")
        self.title = document.get("title", "")
        self.logsource = document.get("logsource") or {}
        detection = document.get("detection")
        if not isinstance(detection, dict) or "condition" not in detection:
            raise Refused("detection and its condition are mandatory")
        searches = {str(name): search(body, given or {}) for name, body in detection.items()
                    if name not in ("condition", "timeframe")}
        wanted = detection["condition"]
        self.searches = searches
        self.conditions = [Condition(str(one), searches) for one in (wanted if isinstance(wanted, list) else [wanted])]
        self.filters = []

    def holds(self, event):
        return any(one.holds(event) for one in self.conditions) and all(one.holds(event) for one in self.filters)


class Filter:
    def __init__(self, document, given=None):
        body = document["filter"]
        self.rules, self.logsource = body.get("rules", []), document.get("logsource") or {}
        searches = {str(name): search(inside, given or {}) for name, inside in body.items() if name not in ("condition", "rules")}
        self.condition = Condition(str(body["condition"]), searches)

    def concerns(self, rule):
        if self.rules != "any" and rule.id not in self.rules and rule.name not in self.rules:
            return False
        return all(rule.logsource.get(key) == value for key, value in self.logsource.items())


def documents(text):
    """YAML 1.1 as the reference reads it, times left as they are written."""
    class Loader(yaml.SafeLoader):
        pass
    Loader.yaml_implicit_resolvers = {letter: [(tag, how) for tag, how in resolvers if tag != "tag:yaml.org,2002:timestamp"]
                                      for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    return [one for one in yaml.load_all(text, Loader) if one is not None]
