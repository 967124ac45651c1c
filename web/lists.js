// The list of a kind. What is filtered, sorted and shown stands in the address, so Back, bookmarks and the live
// refresh keep it.
import { call, can, el, fieldOf, number, shown, shownOf, t, truth } from "./base.js";

const UNSORTED = /^(refs|geometry|file|json|object|list)$/;
const FACETS_MOST = 3; // the server counts up to four in one pass

const address = (kind, options) => {
  const kept = new URLSearchParams(Object.entries(options).filter(([, value]) => value));
  return `#/${kind.name}${[...kept].length ? "?" + kept : ""}`;
};

function facetFields(kind, columns) {
  const fields = kind.fields.filter(one => one.facet && one.type === "choice");
  fields.sort((a, b) => columns.includes(b.name) - columns.includes(a.name));
  return (kind.states ? [fieldOf(kind, "state")] : []).concat(fields).slice(0, FACETS_MOST);
}

function facetBox(kind, field, counts, options, go) {
  const known = new Map((counts || []).map(one => [String(one.value), one.count]));
  const named = value => value === "null" ? t("none") : field.type === "boolean" ? truth(value === "true") : shown(field, value);
  const entry = value => el("option", { value: value === "null" ? "is.null" : "eq." + value, selected: options[field.name] === (value === "null" ? "is.null" : "eq." + value) },
    `${named(value)} (${number(known.get(value) || 0)})`);
  const chosen = (options[field.name] || "").replace(/^eq\./, "").replace(/^is\./, "");
  const values = chosen && !known.has(chosen) ? [...known.keys(), chosen] : [...known.keys()];
  const box = el("select", { id: "facet-" + field.name, onchange: () => go({ [field.name]: box.value }) }, el("option", { value: "" }, t("all")), ...values.map(entry));
  return el("label", {}, field.title, box);
}

// A question too large to be listed whole asks for one of some fields: the list, or nothing but the form.
function asking(kind, options, query, filters) {
  const names = kind.ask_by || [];
  for (const name of names.filter(one => options[one])) { query.set(name, options[name]); filters.set(name, options[name]); }
  return { open: !names.length || names.some(name => options[name]), exact: kind.fields.find(one => names.includes(one.name) && one.type === "text") };
}

export async function list(kind, options) {
  const columns = (kind.view.list || [kind.title_field]).filter(name => fieldOf(kind, name));
  const facets = facetFields(kind, columns);
  const titled = kind.fields.find(one => one.name === kind.title_field);
  const query = new URLSearchParams({ limit: "50", select: [...new Set([...columns, kind.title_field])].join(",") });
  const references = columns.filter(name => kind.fields.some(one => one.name === name && /^refs?$/.test(one.type)));
  const filters = new URLSearchParams();
  const { open, exact } = asking(kind, options, query, filters);
  if (references.length) query.set("expand", references.join(","));
  if (options.find) filters.set(kind.title_field, `ilike.*${options.find}*`);
  for (const one of facets) if (options[one.name]) query.set(one.name, options[one.name]);
  if (options.order) query.set("order", options.order);
  if (options.after) query.set("after", options.after);
  if (can(kind, "history")) query.set("count", "exact"); // a question over whole tables is not counted
  for (const [name, value] of filters) query.set(name, value);
  filters.set("by", facets.map(one => one.name).join(","));
  // a facet may be refused where its values are hidden; the list is none the worse for it
  const [page, counted] = !open ? [{ items: [] }, {}] : await Promise.all([call("GET", `/api/${kind.name}?${query}`),
    facets.length ? call("GET", `/api/${kind.name}/facets?${filters}`).catch(() => ({})) : {}]);
  const go = change => { location.hash = address(kind, { ...options, after: "", ...change }); };

  const sought = exact || (/^(text|local)$/.test(titled.type) && titled);
  const find = el("input", { type: "search", id: "find", value: exact ? (options[exact.name] || "").replace(/^eq\./, "") : options.find || "" });
  const found = () => { const words = find.value.trim(); go(exact ? { [exact.name]: words && "eq." + words } : { find: words }); };
  const bar = el("form", { class: "bar", role: "search", onsubmit: event => { event.preventDefault(); found(); } },
    sought && el("label", {}, `${t("find")}: ${sought.title}`, find),
    sought && el("button", {}, t("find")),
    ...(counted.facets ? facets.map(one => facetBox(kind, one, counted.facets[one.name], options, go)) : []),
    Object.keys(options).some(name => name !== "after" && options[name]) && el("a", { class: "button", href: "#/" + kind.name }, t("clear")),
    can(kind, "create") && el("a", { class: "button act", href: `#/${kind.name}/new` }, t("create")));

  const [by, way] = (options.order || "").split(".");
  const heading = name => {
    const field = fieldOf(kind, name);
    if (UNSORTED.test(field.type)) return el("th", { scope: "col" }, field.title);
    const next = by !== name ? name + ".asc" : way === "asc" ? name + ".desc" : "";
    return el("th", { scope: "col", "aria-sort": by === name ? (way === "asc" ? "ascending" : "descending") : undefined },
      el("button", { type: "button", id: "sort-" + name, onclick: () => go({ order: next }) }, field.title,
        by === name && el("span", { "aria-hidden": "true" }, way === "asc" ? " ▲" : " ▼")));
  };
  const lead = ["number", kind.title_field].find(name => columns.includes(name)) || columns[0];
  const row = item => el("tr", {}, ...columns.map(name => {
    const content = shownOf(kind, item, name);
    if (name !== lead) return el("td", {}, content);
    const words = content.textContent || content || item.number || item.id;
    return el("th", { scope: "row" }, !can(kind, "get") ? el("bdi", {}, words) : el("a", { id: "r-" + item.id, href: `#/${kind.name}/${item.id}` }, el("bdi", {}, words)));
  }));
  const caption = page.count === undefined ? "" : `${t("records")}: ${number(page.count)}`;
  const table = el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...columns.map(heading))), el("tbody", {}, ...page.items.map(row)));
  return [kind.plural, kind.help && el("p", { class: "soft" }, kind.help), bar,
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": kind.plural }, table),
    page.items.length === 0 && el("p", { class: "soft" }, t(open ? "nothing" : "askFirst")),
    (options.after || page.next) && el("nav", { class: "bar", "aria-label": t("pages") },
      options.after && el("a", { class: "button", id: "first", href: address(kind, { ...options, after: "" }) }, t("first")),
      page.next && el("a", { class: "button", id: "next", href: address(kind, { ...options, after: page.next }) }, t("more")))];
}
