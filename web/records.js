// One record: its fields, what can be done with it, what points to it, and how it came to be.
import { aboutOthers, arrow, call, can, el, fieldOf, guard, kindOf, named, say, shown, shownOf, state, stateTitle, t, titleOf } from "./base.js";
import { form } from "./forms.js";

// Does something with the record as it was shown; when somebody changed it meanwhile, the server says so.
const act = (method, path, item, again) => guard(async () => {
  await call(method, path, method === "DELETE" ? undefined : {}, item.version);
  say(t("saved"));
  await again();
});

function actions(kind, item, again) {
  const here = `/api/${kind.name}/${item.id}`;
  if (item.archived) return [can(kind, "restore") && el("button", { type: "button", onclick: act("POST", here + "/restore", item, again) }, t("restore"))];
  const steps = (kind.transitions || []).filter(step => can(kind, step.name) && step.from.includes(item.state)).map(step => (step.evidence || []).length
    ? el("a", { class: "button", href: `#/${kind.name}/${item.id}/${step.name}` }, step.title)
    : el("button", { type: "button", id: "do-" + step.name, onclick: act("POST", `${here}/${step.name}`, item, again) }, step.title));
  const archive = act("DELETE", here, item, again);
  return [can(kind, "update") && el("a", { class: "button act", href: `#/${kind.name}/${item.id}/edit` }, t("edit")), ...steps,
    can(kind, "archive") && el("button", { type: "button", onclick: () => confirm(t("sure")) && archive() }, t("archive"))];
}

// Large questions that can be asked for this record: what is installed on a device, where a package is installed.
const questions = (kind, item) => state.meta.kinds.flatMap(one => (one.ask_by || [])
  .filter(name => one.fields.some(field => field.name === name && field.to === kind.name))
  .map(name => el("a", { class: "button", href: `#/${one.name}?${name}=eq.${item.id}` }, one.plural)));

// What is about this record: findings, tasks, comments and whatever other kinds name records of any kind.
const abouts = (kind, id) => Promise.all(state.meta.kinds.filter(one => aboutOthers(one) && can(one, "list")).map(async one => {
  const found = await call("GET", `/api/${one.name}?about=eq.${id}&about_kind=eq.${kind.name}&limit=20&select=${one.title_field}`).catch(() => ({ items: [] }));
  return { kind: one.name, field: "about", items: found.items.map(item => ({ ...item, title: item[one.title_field] })) };
}));

export async function record(kind, id, again) {
  const references = kind.fields.filter(one => /^refs?$/.test(one.type)).map(one => one.name);
  const here = `/api/${kind.name}/${id}`;
  const [item, links, about, versions] = await Promise.all([call("GET", here + (references.length ? "?expand=" + references.join(",") : "")),
    can(kind, "links") ? call("GET", here + "/links?limit=20") : { to: [] }, abouts(kind, id), can(kind, "history") ? call("GET", here + "/history?limit=20") : { items: [] }]);
  links.to.push(...about.filter(group => group.items.length));
  const facts = el("dl", {});
  for (const name of ["number", "state", "entity", ...kind.fields.map(one => one.name), "archived"]) {
    const field = fieldOf(kind, name);
    const content = (item.masked || []).includes(name) ? el("span", { class: "soft" }, t("hidden")) : field ? shownOf(kind, item, name) : "";
    if (content !== "") facts.append(el("dt", {}, field.title), el("dd", { class: field.multiline ? "lines" : undefined }, content));
  }
  return [titleOf(item[kind.title_field]) || item.number || id, el("p", { class: "soft" }, el("a", { href: "#/" + kind.name }, kind.plural)),
    el("div", { class: "bar", role: "group", "aria-label": t("actions") }, ...actions(kind, item, again), ...questions(kind, item)), facts,
    links.to.length > 0 && el("section", {}, el("h2", {}, t("links")), pointing(links.to)),
    versions.items.length > 0 && el("section", {}, el("h2", {}, t("history")), el("ol", { class: "history" }, ...await history(kind, item, versions.items)))];
}

function pointing(groups) {
  const facts = el("dl", {});
  for (const group of groups) {
    const from = kindOf(group.kind);
    facts.append(el("dt", {}, `${from.plural}: ${fieldOf(from, group.field).title}`),
      el("dd", {}, ...group.items.flatMap((one, i) => [i ? ", " : "", shown({ type: "ref", to: group.kind }, one)])));
  }
  return facts;
}

// What the operation is called: the step's title, else what the program says of it.
function deed(kind, name) {
  const step = (kind.transitions || []).find(one => `${kind.name}.${one.name}` === name);
  const operation = state.meta.operations.find(one => one.name === name);
  return step ? step.title : operation && operation.help ? operation.help : name;
}

async function people(ids) {
  if (!ids.length || !kindOf("person")) return new Map();
  const found = await call("GET", `/api/person?archived=any&select=${kindOf("person").title_field}&id=in.(${ids.join(",")})`).catch(() => ({ items: [] }));
  return new Map(found.items.map(one => [one.id, named({ ...one, title: one[kindOf("person").title_field] })]));
}

async function history(kind, item, items) {
  const actors = await people([...new Set(items.map(one => one.actor).filter(Boolean))]);
  const now = new Map(kind.fields.flatMap(one => [].concat(item[one.name] || []).filter(value => value.id).map(value => [value.id, value])));
  const put = (field, value) => {
    const name = one => now.get(one) || one; // a reference by its title, where it is still there
    const content = shown(field, field.type === "refs" && value ? value.map(name) : field.type === "ref" ? name(value) : value);
    return content === "" ? "–" : content;
  };
  const change = ([name, [before, after]], first) => {
    const field = fieldOf(kind, name) || { title: name };
    return [el("dt", {}, field.title), el("dd", {}, ...(first ? [] : [el("del", {}, put(field, before)), arrow()]), put(field, after))];
  };
  return items.map(one => {
    const facts = el("dl", {}, ...Object.entries(one.changes).flatMap(entry => change(entry, one.version === 1)));
    if (Array.isArray(one.state) && one.state[1])
      facts.prepend(el("dt", {}, t("state")), el("dd", {}, one.state[0] ? stateTitle(kind, one.state[0]) + arrow() : "", stateTitle(kind, one.state[1])));
    return el("li", { value: one.version }, el("strong", {}, el("bdi", {}, deed(kind, one.operation))), " · ", el("bdi", {}, shown({ type: "time" }, one.since)),
      one.actor && actors.has(one.actor) && " · ", one.actor && actors.has(one.actor) && shown({ type: "ref", to: "person" }, { id: one.actor, title: actors.get(one.actor) }),
      facts.children.length > 0 && facts);
  });
}

// A step that needs evidence asks for it first.
export async function step(kind, id, name) {
  const found = (kind.transitions || []).find(one => one.name === name);
  const item = await call("GET", `/api/${kind.name}/${id}`);
  return form(kind, item, { title: found ? found.title : name, only: found && found.evidence, method: "POST", path: `/api/${kind.name}/${id}/${name}` });
}
