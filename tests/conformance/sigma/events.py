"""What a rule sees of an event: fields by name, each with the values it has.

Sigma leaves the shape of events to the tool; the rules of its specification ("Field Usage") give the names for Windows:
EventData by the name of the data, System by the tag, attributes joined by an underscore (Provider_Name).
"""

WINDOWS_ATTRIBUTES = "#attributes"


def leaves(value):
    """Every scalar inside, in order."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def windows(event):
    """Nested Event/System/EventData as flat fields, or None when it has another shape."""
    inside = event.get("Event")
    if not isinstance(inside, dict) or not isinstance(inside.get("System"), dict):
        return None
    flat = {}
    for tag, value in inside["System"].items():
        if isinstance(value, dict):
            for name, attribute in value.get(WINDOWS_ATTRIBUTES, {}).items():
                flat[f"{tag}_{name}"] = attribute
            if "#text" in value:
                flat[tag] = value["#text"]
        else:
            flat[tag] = value
    for part in ("EventData", "UserData"):
        data = inside.get(part)
        if not isinstance(data, dict):
            continue
        for name, value in data.items():
            if name == WINDOWS_ATTRIBUTES:
                continue
            if part == "UserData" and isinstance(value, dict):
                for inner, deep in value.items():
                    if inner != WINDOWS_ATTRIBUTES:
                        flat.setdefault(inner, deep)
            else:
                flat[name] = value
    return flat


class Event:
    """fields: what stands at the top; a dotted name goes down through maps, and through each member of a list."""

    def __init__(self, raw):
        self.raw = raw
        self.fields = windows(raw) or raw
        self.found = {}

    def values(self, name):
        """All values of the field, null as None; an empty list when it is not there."""
        if name not in self.found:
            self.found[name] = [leaf for value in self.look(self.fields, name) for leaf in leaves(value)]
        return self.found[name]

    def exists(self, name):
        return bool(self.look(self.fields, name))

    def look(self, at, name):
        if isinstance(at, list):
            return [found for inner in at for found in self.look(inner, name)]
        if not isinstance(at, dict):
            return []
        if name in at:
            return [at[name]]
        # "use them as they appear in the log source and strip all spaces"
        found = [value for own, value in at.items() if " " in own and own.replace(" ", "") == name]
        for place, letter in enumerate(name):
            if letter == "." and name[:place] in at:
                found += self.look(at[name[:place]], name[place + 1:])
        return found

    def everything(self):
        return leaves(self.raw)


def text(value):
    """Values are compared as strings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
