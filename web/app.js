// The page: signing in, the frame around the views, and which view an address shows. Everything comes from the server's
// description of itself (GET /api/meta), so a new kind appears without a line here.
import { languages } from "./texts.js";
import { at, call, el, fieldOf, guard, keepingPlace, kindOf, say, show, state, t, titleOf } from "./base.js";
import { list } from "./lists.js";
import { record, step } from "./records.js";
import { form } from "./forms.js";

const wide = matchMedia("(min-width: 48rem)");
let turn = 0; // of the newest view asked for; older answers that come late are not shown
let feed = null, due = 0, place = "";

// --- signing in ---------------------------------------------------------------------------------------------------

function entered(session) {
  state.csrf = session.csrf || "";
  state.login = session.login;
}

const field = (label, attributes) => el("label", {}, label, el("input", { required: true, ...attributes }));

function leave() {
  turn++;
  clearTimeout(due);
  if (feed) feed.close();
  feed = state.meta = null;
  state.csrf = "";
  at("kinds").replaceChildren();
  at("who").replaceChildren();
}

// A form of its own that sends {name: value, …} and shows what was wrong with it.
function ask(title, fields, button, send, ...more) {
  const error = el("p", { class: "error", role: "alert" });
  show(title, el("form", { class: "fields narrow", onsubmit: async event => {
    event.preventDefault();
    try {
      await send(Object.fromEntries(new FormData(event.target)));
    } catch (failed) { error.textContent = failed.errors && failed.errors.length ? failed.errors.map(one => one.detail).join("; ") : failed.message; }
  } }, ...fields, error, el("div", { class: "bar" }, el("button", { class: "act" }, button), ...more)));
  at("main").querySelector("input:not([readonly])").focus();
}

function signIn() {
  leave();
  ask(t("signIn"), [field(t("name"), { name: "login", autocomplete: "username" }),
    field(t("password"), { name: "password", type: "password", autocomplete: "current-password" })], t("signIn"), async given => {
    entered(await call("POST", "/api/session", given));
    await start();
  });
}
state.signIn = signIn;

function askPassword() {
  place = "";
  const done = () => { if (location.hash === "#/") start(); else location.hash = "#/"; };
  ask(t("setPassword"), [field(t("name"), { autocomplete: "username", readonly: true, value: state.login }),
    field(t("newPassword"), { name: "password", type: "password", autocomplete: "new-password", minlength: 12 })], t("setPassword"), async given => {
    await call("POST", "/api/account/password", given);
    say(t("saved"));
    done();
  }, el("button", { type: "button", onclick: done }, t("later")));
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
  keepingPlace(() => at("languages").replaceChildren(...Object.entries(languages).map(([tag, name]) =>
    el("button", { type: "button", id: "lang-" + tag, lang: tag, "aria-pressed": String(tag === state.lang), onclick: guard(async () => {
      state.lang = tag;
      localStorage.setItem("lang", tag);
      await start();
    }) }, name))));
}

function packs() {
  const found = new Map();
  for (const kind of state.meta.kinds) found.set(kind.pack, [...(found.get(kind.pack) || []), kind]);
  for (const kinds of found.values()) kinds.sort((a, b) => a.plural.localeCompare(b.plural, state.lang));
  return [...found];
}
const packTitle = pack => (state.meta.packs.find(one => one.name === pack) || {}).title || pack;

function menu() {
  at("kinds").setAttribute("aria-label", t("kinds"));
  at("kinds").replaceChildren(...packs().map(([pack, kinds]) => el("details", { open: wide.matches }, el("summary", {}, packTitle(pack)),
    el("ul", {}, ...kinds.map(kind => el("li", {}, el("a", { href: "#/" + kind.name }, kind.plural)))))));
  at("who").replaceChildren(el("a", { href: "#/-/password", title: t("setPassword") }, el("bdi", {}, state.login)), el("button", { type: "button", onclick: guard(async () => {
    await call("DELETE", "/api/session");
    signIn();
  }) }, t("signOut")));
}

function mark(name) {
  for (const link of at("kinds").querySelectorAll("a")) {
    if (link.getAttribute("href") === "#/" + name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function start() {
  frame();
  const link = location.hash.match(/^#link=(.+)$/);
  if (link) return useLink(link[1]);
  try { entered(await call("GET", "/api/session")); } catch { return signIn(); }
  state.meta = await call("GET", "/api/meta?lang=" + state.lang);
  const entity = kindOf("entity");
  const units = entity ? await call("GET", `/api/entity?limit=1000&select=${entity.title_field}`).catch(() => ({ items: [] })) : { items: [] };
  state.entities = new Map(units.items.map(one => [one.id, titleOf(one[entity.title_field])]));
  menu();
  listen();
  await route();
}

// --- views --------------------------------------------------------------------------------------------------------

function home() {
  const part = ([pack, kinds]) => el("section", {}, el("h2", {}, packTitle(pack)), el("ul", { class: "cards" }, ...kinds.map(kind =>
    el("li", {}, el("a", { href: "#/" + kind.name }, kind.plural), kind.help && el("span", { class: "soft" }, kind.help)))));
  return ["Mandate", el("p", {}, t("welcome")), ...packs().map(part)];
}

async function edit(kind, id) {
  const references = kind.fields.filter(one => /^refs?$/.test(one.type) && fieldOf(kind, one.name)).map(one => one.name);
  return form(kind, await call("GET", `/api/${kind.name}/${id}${references.length ? "?expand=" + references.join(",") : ""}`));
}

function view(path, options) {
  const [, name, id, what] = path.split("/");
  const kind = kindOf(name);
  if (!kind) return home();
  if (id === "new") return form(kind);
  if (id && what === "edit") return edit(kind, id);
  if (id && what) return step(kind, id, what);
  return id ? record(kind, id, () => route()) : list(kind, Object.fromEntries(new URLSearchParams(options)));
}

const route = guard(async () => {
  const [path, options] = location.hash.slice(1).split("?");
  const mine = ++turn;
  if (!state.meta) return state.csrf && start();
  if (path === "/-/password") return askPassword();
  at("main").setAttribute("aria-busy", "true");
  let made;
  try { made = await view(path, options); } catch (failed) {
    if (failed.status === 401) throw failed;
    made = [(kindOf(path.split("/")[1]) || { plural: "Mandate" }).plural, el("p", { class: "error", role: "alert" }, failed.message)];
  }
  if (mine !== turn) return;
  at("main").removeAttribute("aria-busy");
  mark(path.split("/")[1]);
  keepingPlace(() => show(...made));
  const moved = place && place !== path;
  place = path || "/";
  if (moved) { // a new view is read from its beginning
    scrollTo(0, 0);
    at("main").focus({ preventScroll: true });
  }
});

// Lists and records follow what others change; a form is left alone while somebody types into it.
function listen() {
  if (feed) feed.close();
  feed = new EventSource("/api/changes");
  feed.addEventListener("change", event => {
    const [, name, id, what] = location.hash.split("?")[0].split("/");
    if (id === "new" || what || !JSON.parse(event.data).changes.some(one => one.kind === name && (!id || one.id === id))) return;
    clearTimeout(due);
    due = setTimeout(renew, 500);
  });
}

function renew() {
  if (document.activeElement && document.activeElement.tagName === "SELECT") due = setTimeout(renew, 1000);
  else route().then(() => { if (!at("status").textContent) say(t("changed")); });
}

addEventListener("hashchange", () => {
  say("");
  if (location.hash.startsWith("#link=")) guard(start)();
  else route();
});
wide.addEventListener("change", () => at("kinds").querySelectorAll("details").forEach(one => { one.open = wide.matches; }));
guard(start)();
