// The first page: sign in, lists, records, forms, history, live. Everything it shows comes from the server's description of
// itself (GET /api/meta), so a new kind appears without a line here. Texts are put in as text, never as markup.
import { languages, text } from "./texts.js";

const state = { lang: pickLanguage(), csrf: "", meta: null, login: "", feed: null };
const t = name => text(state.lang, name);
const at = id => document.getElementById(id);

function pickLanguage() {
  const kept = localStorage.getItem("lang");
  const wanted = [kept, ...navigator.languages].map(tag => (tag || "").slice(0, 2));
  return wanted.find(tag => tag in languages) || "en";
}

// el("a", {href: "#/"}, "text", child …)
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== undefined && child !== null));
  return made;
}

function say(message, bad) {
  at("status").textContent = message;
  at("status").classList.toggle("error", !!bad);
  if (message) setTimeout(() => { if (at("status").textContent === message) at("status").textContent = ""; }, 6000);
}

async function call(method, path, body) {
  const headers = { "Accept-Language": state.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && state.csrf) headers["X-CSRF-Token"] = state.csrf;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) return data;
  const failed = new Error(data.detail || answer.statusText);
  failed.status = answer.status;
  failed.errors = data.errors || [];
  throw failed;
}

function show(title, ...content) {
  document.title = title + " · Mandate";
  at("main").replaceChildren(el("h1", {}, title), ...content);
}

const guard = work => (...given) => Promise.resolve(work(...given)).catch(failed => {
  if (failed.status === 401) return signIn();
  say(failed.message, true);
});

// --- signing in ---------------------------------------------------------------------------------------------------

function entered(session) {
  state.csrf = session.csrf || "";
  state.login = session.login;
}

function field(label, attributes) {
  const input = el("input", attributes);
  return [input, el("label", {}, label, input)];
}

function signIn() {
  const [name, nameLabel] = field(t("name"), { autocomplete: "username", required: true });
  const [password, passwordLabel] = field(t("password"), { type: "password", autocomplete: "current-password", required: true });
  const error = el("p", { class: "error", role: "alert" });
  const form = el("form", { class: "fields", onsubmit: async event => {
    event.preventDefault();
    try {
      entered(await call("POST", "/api/session", { login: name.value, password: password.value }));
      location.hash = "#/";
      start();
    } catch (failed) { error.textContent = failed.message; }
  } }, nameLabel, passwordLabel, error, el("button", { class: "act" }, t("signIn")));
  at("kinds").replaceChildren();
  at("who").replaceChildren();
  show(t("signIn"), form);
  name.focus();
}

function askPassword() {
  const [password, label] = field(t("newPassword"), { type: "password", autocomplete: "new-password", required: true, minlength: 12 });
  const error = el("p", { class: "error", role: "alert" });
  const done = () => { location.hash = "#/"; start(); };
  show(t("setPassword"), el("form", { class: "fields", onsubmit: async event => {
    event.preventDefault();
    try {
      await call("POST", "/api/account/password", { password: password.value });
      say(t("saved"));
      done();
    } catch (failed) { error.textContent = failed.errors.length ? failed.errors.map(e => e.detail).join("; ") : failed.message; }
  } }, label, error, el("div", { class: "bar" }, el("button", { class: "act" }, t("setPassword")),
    el("button", { type: "button", onclick: done }, t("later")))));
}

async function useLink(secret) {
  history.replaceState(null, "", "#/"); // the secret stays in no history
  try {
    entered(await call("POST", "/api/session/link", { link: secret }));
    askPassword();
  } catch (failed) { signIn(); say(failed.message, true); }
}

// --- the frame ----------------------------------------------------------------------------------------------------

function frame() {
  document.documentElement.lang = state.lang;
  document.documentElement.dir = state.lang === "ar" ? "rtl" : "ltr";
  at("skip").textContent = t("skip");
  at("languages").setAttribute("aria-label", t("language"));
  at("languages").replaceChildren(...Object.entries(languages).map(([tag, name]) =>
    el("button", { type: "button", lang: tag, "aria-pressed": String(tag === state.lang), onclick: () => {
      state.lang = tag;
      localStorage.setItem("lang", tag);
      start();
    } }, name)));
}

function kindsMenu() {
  const packs = new Map();
  for (const kind of state.meta.kinds) packs.set(kind.pack, [...(packs.get(kind.pack) || []), kind]);
  const here = location.hash.split("/")[1];
  at("kinds").setAttribute("aria-label", t("kinds"));
  at("kinds").replaceChildren(...[...packs.values()].map(kinds => el("ul", {}, ...kinds
    .sort((a, b) => a.plural.localeCompare(b.plural, state.lang))
    .map(kind => el("li", {}, el("a", { href: "#/" + kind.name, "aria-current": kind.name === here ? "page" : undefined }, kind.plural))))));
  at("who").replaceChildren(el("span", { class: "soft" }, state.login + " "), el("button", { type: "button", onclick: guard(async () => {
    await call("DELETE", "/api/session");
    state.csrf = "";
    signIn();
  }) }, t("signOut")));
}

async function start() {
  frame();
  const link = location.hash.match(/^#link=(.+)$/);
  if (link) return useLink(link[1]);
  try { entered(await call("GET", "/api/session")); } catch { return signIn(); }
  state.meta = await call("GET", "/api/meta?lang=" + state.lang);
  listen();
  route();
}

function listen() {
  if (state.feed) state.feed.close();
  state.feed = new EventSource("/api/changes");
  let due = null;
  state.feed.addEventListener("change", event => {
    const kind = location.hash.split("/")[1], rest = location.hash.split("/")[2];
    if (rest || !JSON.parse(event.data).changes.some(change => change.kind === kind)) return;
    clearTimeout(due);
    due = setTimeout(() => { say(t("changed")); route(); }, 300);
  });
}

const route = guard(async () => {
  if (!state.meta) return;
  kindsMenu();
  const [, name, id, what] = location.hash.split("?")[0].split("/");
  const kind = state.meta.kinds.find(one => one.name === name);
  if (!kind) return show("Mandate", el("p", {}, t("welcome")));
  if (id === "new") return form(kind);
  if (id && what === "edit") return form(kind, await call("GET", `/api/${kind.name}/${id}`));
  if (id) return record(kind, id);
  return list(kind);
});

// --- values -------------------------------------------------------------------------------------------------------

const titleOf = value => typeof value === "object" && value ? (value[state.lang] || value.en || Object.values(value)[0] || "") : String(value ?? "");

function shown(field, value) {
  if (value === null || value === undefined || value === "") return "";
  switch (field && field.type) {
  case "money": return new Intl.NumberFormat(state.lang, { style: "currency", currency: value.currency }).format(Number(value.amount));
  case "date": return new Intl.DateTimeFormat(state.lang, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(value));
  case "time": return new Intl.DateTimeFormat(state.lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
  case "integer": return new Intl.NumberFormat(state.lang).format(value);
  case "boolean": return value ? "✓" : "–";
  case "choice": return (field.choices.find(choice => choice.name === value) || { title: value }).title;
  case "local": return titleOf(value);
  case "ref": return el("a", { href: `#/${field.to}/${value.id || value}` }, titleOf(value.title) || value.number || value.id || value);
  case "refs": return el("span", {}, ...value.flatMap((one, i) => [i ? ", " : "", shown({ ...field, type: "ref" }, one)]));
  case undefined: return String(value);
  default: return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}

const fieldOf = (kind, name) => kind.fields.find(one => one.name === name);
const stateTitle = (kind, name) => ((kind.states || []).find(one => one.name === name) || { title: name }).title;
const cell = (kind, name, item) => name === "state" ? stateTitle(kind, item.state || "") : shown(fieldOf(kind, name), item[name]);

// --- lists --------------------------------------------------------------------------------------------------------

async function list(kind, options = {}) {
  const columns = (kind.view.list || [kind.title_field]).filter(name => name === "number" || name === "state" || fieldOf(kind, name));
  const references = columns.filter(name => /^refs?$/.test((fieldOf(kind, name) || {}).type));
  const query = new URLSearchParams({ limit: "50", count: "exact" });
  const fields = columns.filter(name => fieldOf(kind, name));
  query.set("select", [...new Set([...fields, kind.title_field])].join(","));
  if (references.length) query.set("expand", references.join(","));
  if (options.order) query.set("order", options.order);
  if (options.state) query.set("state", "eq." + options.state);
  if (options.find) query.set(kind.title_field, `ilike.*${options.find}*`);
  if (options.after) query.set("after", options.after);
  if (state.meta.kinds && kind.name === "installation") query.delete("count");
  const page = await call("GET", `/api/${kind.name}?${query}`);

  const find = el("input", { type: "search", value: options.find || "" });
  const bar = el("form", { class: "bar", onsubmit: guard(async event => { event.preventDefault(); await list(kind, { ...options, after: "", find: find.value }); }) },
    el("label", {}, t("find"), find),
    kind.read_only ? undefined : el("a", { href: `#/${kind.name}/new` }, t("create")));
  const chips = el("div", { class: "bar chips", role: "group", "aria-label": t("state") });
  if (kind.states) {
    const counts = (await call("GET", `/api/${kind.name}/facets?by=state`)).facets.state;
    const chip = (name, title) => el("button", { type: "button", "aria-pressed": String((options.state || "") === name),
      onclick: guard(() => list(kind, { ...options, after: "", state: name })) }, title);
    chips.append(chip("", t("all")), ...counts.map(one => chip(one.value, `${stateTitle(kind, one.value)} ${new Intl.NumberFormat(state.lang).format(one.count)}`)));
  }
  const sorted = (options.order || "").split(".");
  const heading = name => {
    const title = name === "state" ? t("state") : name === "number" ? "#" : fieldOf(kind, name).title;
    const down = sorted[0] === name && sorted[1] !== "desc";
    return el("th", { scope: "col", "aria-sort": sorted[0] === name ? (down ? "ascending" : "descending") : undefined },
      el("button", { type: "button", onclick: guard(() => list(kind, { ...options, after: "", order: name + (down ? ".desc" : ".asc") })) }, title));
  };
  const rows = page.items.map(item => el("tr", {}, ...columns.map((name, i) => {
    const content = cell(kind, name, item);
    return el("td", {}, i === 0 && kind.view.list ? el("a", { href: `#/${kind.name}/${item.id}` }, content.textContent || content || item.number || item.id) : content);
  })));
  const table = el("table", {}, el("caption", {}, page.count === undefined ? "" : `${new Intl.NumberFormat(state.lang).format(page.count)} ${t("records")}`),
    el("thead", {}, el("tr", {}, ...columns.map(heading))), el("tbody", {}, ...rows));
  show(kind.plural, kind.help ? el("p", { class: "soft" }, kind.help) : undefined, bar, chips,
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": kind.plural }, table),
    page.next ? el("p", {}, el("button", { class: "act", type: "button", onclick: guard(() => list(kind, { ...options, after: page.next })) }, t("more"))) : undefined);
}

// --- records ------------------------------------------------------------------------------------------------------

async function record(kind, id) {
  const references = kind.fields.filter(one => /^refs?$/.test(one.type)).map(one => one.name);
  const item = await call("GET", `/api/${kind.name}/${id}${references.length ? "?expand=" + references.join(",") : ""}`);
  const title = titleOf(item[kind.title_field]) || item.number || id;
  const facts = el("dl", {});
  if (item.number) facts.append(el("dt", {}, "#"), el("dd", {}, item.number));
  if (item.state) facts.append(el("dt", {}, t("state")), el("dd", {}, stateTitle(kind, item.state)));
  for (const one of kind.fields) {
    const masked = (item.masked || []).includes(one.name);
    const content = masked ? el("span", { class: "soft" }, t("hidden")) : shown(one, item[one.name]);
    if (content !== "") facts.append(el("dt", {}, one.title), el("dd", {}, content));
  }
  const steps = (kind.transitions || []).filter(step => step.from.includes(item.state) && !kind.read_only);
  const buttons = steps.map(step => el("button", { class: "act", type: "button", onclick: guard(async () => {
    await call("POST", `/api/${kind.name}/${id}/${step.name}`, {});
    say(t("saved"));
    await record(kind, id);
  }) }, step.title));
  show(title, el("p", { class: "soft" }, el("a", { href: "#/" + kind.name }, kind.plural)),
    kind.read_only ? undefined : el("div", { class: "bar" }, el("a", { href: `#/${kind.name}/${id}/edit` }, t("edit"))), facts,
    buttons.length ? el("section", {}, el("h2", {}, t("steps")), el("div", { class: "bar" }, ...buttons)) : undefined,
    await versions(kind, id));
}

async function versions(kind, id) {
  if (!state.meta.operations.some(op => op.name === kind.name + ".history")) return undefined;
  const items = (await call("GET", `/api/${kind.name}/${id}/history?limit=20`)).items;
  const line = one => el("li", {}, shown({ type: "time" }, one.since), " · ", one.operation, " · ",
    Object.entries(one.changes).map(([name, [before, after]]) => {
      const about = fieldOf(kind, name);
      const say = value => { const got = shown(about, value); return got.textContent || got || "–"; };
      return `${about ? about.title : name}: ${one.version > 1 ? say(before) + " → " : ""}${say(after)}`;
    }).join("; "));
  return el("section", {}, el("h2", {}, t("history")), el("ul", {}, ...items.map(line)));
}

// --- forms --------------------------------------------------------------------------------------------------------

function input(one, value) {
  const common = { id: "f-" + one.name, "aria-describedby": "e-" + one.name, required: one.required };
  const text = typeof value === "object" && value ? (value.amount ? `${value.amount} ${value.currency}` : Array.isArray(value) ? value.join(",") : JSON.stringify(value)) : value ?? "";
  switch (one.type) {
  case "choice": {
    const box = el("select", common, el("option", { value: "" }, ""), ...one.choices.map(choice => el("option", { value: choice.name }, choice.title)));
    box.value = text;
    return box;
  }
  case "boolean": {
    const box = el("select", common, el("option", { value: "" }, ""), el("option", { value: "true" }, "✓"), el("option", { value: "false" }, "–"));
    box.value = String(text);
    return box;
  }
  case "date": return el("input", { ...common, type: "date", value: text });
  case "integer": return el("input", { ...common, type: "number", step: "1", value: text });
  default: {
    if (!one.multiline && !/^(json|geometry|local|file)$/.test(one.type)) return el("input", { ...common, value: text, maxlength: one.type === "text" ? one.max : undefined });
    const area = el("textarea", { ...common, rows: "3" });
    area.value = text;
    return area;
  }
  }
}

// What was typed as the JSON the field takes; the server checks it.
function typed(one, text) {
  if (text === "") return null;
  switch (one.type) {
  case "integer": return Number(text);
  case "boolean": return text === "true";
  case "money": { const [amount, currency] = text.trim().split(/\s+/); return { amount, currency: currency || "USD" }; }
  case "refs": return text.split(",").map(id => id.trim());
  case "json": case "geometry": case "local": case "file":
    try { return JSON.parse(text); } catch { return text; }
  default: return text;
  }
}

function form(kind, item) {
  const fields = kind.fields.filter(one => !one.read_only && !((item || {}).masked || []).includes(one.name));
  const inputs = new Map(fields.map(one => [one, input(one, item ? item[one.name] : undefined)]));
  const first = new Map([...inputs].map(([one, box]) => [one, box.value]));
  const error = el("p", { class: "error", role: "alert" });
  const rows = fields.map(one => el("div", {}, el("label", { for: "f-" + one.name }, one.title + (one.required ? ` (${t("required")})` : ""), inputs.get(one)),
    one.help ? el("p", { class: "soft" }, one.help) : undefined, el("p", { class: "error", id: "e-" + one.name })));
  const send = async event => {
    event.preventDefault();
    const body = {};
    for (const [one, box] of inputs) if (box.value !== first.get(one)) body[one.name] = typed(one, box.value);
    rows.forEach(row => { row.querySelector(".error").textContent = ""; });
    try {
      const made = item ? await call("PATCH", `/api/${kind.name}/${item.id}`, body) : await call("POST", `/api/${kind.name}`, body);
      say(t("saved"));
      location.hash = `#/${kind.name}/${made.id}`;
    } catch (failed) {
      error.textContent = failed.message;
      for (const one of failed.errors) {
        const place = at("e-" + (one.pointer || "").split("/")[1]);
        if (place) place.textContent = one.detail;
      }
      const bad = failed.errors.length && at("f-" + (failed.errors[0].pointer || "").split("/")[1]);
      if (bad) bad.focus();
    }
  };
  const back = item ? `#/${kind.name}/${item.id}` : "#/" + kind.name;
  show(item ? t("edit") : `${t("create")}: ${kind.title}`, el("form", { class: "fields", novalidate: true, onsubmit: send }, error, ...rows,
    el("div", { class: "bar" }, el("button", { class: "act" }, t("save")), el("a", { href: back }, t("cancel")))));
}

addEventListener("hashchange", () => { if (location.hash.startsWith("#link=")) start(); else route(); at("main").focus({ preventScroll: true }); });
guard(start)();
