// What every view needs: elements, calls to the server, messages, values in the reader's language.
// Texts are put in as text, never as markup, so nothing a record holds can become part of the page.
import { languages, text } from "./texts.js";

export const state = { lang: pickLanguage(), csrf: "", login: "", meta: null, entities: new Map(), signIn: null };
export const t = name => text(state.lang, name);
export const at = id => document.getElementById(id);

function pickLanguage() {
  const wanted = [localStorage.getItem("lang"), ...navigator.languages].map(tag => (tag || "").slice(0, 2));
  return wanted.find(tag => tag in languages) || "en";
}

// el("a", {href: "#/"}, "text", child …); what is undefined, null or false is left out
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== undefined && child !== null && child !== false));
  return made;
}

// A message stays until the next one when it is an error; others go by themselves.
export function say(message, bad) {
  const place = at("status");
  place.textContent = message;
  place.classList.toggle("bad", !!bad);
  if (message && !bad) setTimeout(() => { if (place.textContent === message) place.textContent = ""; }, 6000);
}

export async function call(method, path, body, version) {
  const headers = { "Accept-Language": state.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && state.csrf) headers["X-CSRF-Token"] = state.csrf;
  if (version) headers["If-Match"] = `"${version}"`;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) return data;
  throw Object.assign(new Error(data.detail || answer.statusText), { status: answer.status, errors: data.errors || [] });
}

export const guard = work => async (...given) => {
  try { return await work(...given); } catch (failed) {
    if (failed.status === 401) state.signIn();
    else say(failed.message, true);
  }
};

export function show(title, ...content) {
  document.title = title === "Mandate" ? title : title + " · Mandate";
  at("main").replaceChildren(el("h1", {}, title), ...content.filter(Boolean));
}

// Redraws without taking the focus, the typed text or the place in a wide table away.
export function keepingPlace(work) {
  const active = document.activeElement, id = active && active.id, typed = active && active.type === "search" ? active.value : null;
  const aside = document.querySelector(".scroll"), left = aside ? aside.scrollLeft : 0;
  work();
  const again = id && at(id);
  if (again && again !== document.activeElement) {
    if (typed !== null) again.value = typed;
    again.focus({ preventScroll: true });
  }
  if (left && document.querySelector(".scroll")) document.querySelector(".scroll").scrollLeft = left;
}

// --- values -------------------------------------------------------------------------------------------------------

export const titleOf = value => typeof value === "object" && value ? value[state.lang] || value.en || Object.values(value)[0] || "" : String(value ?? "");
export const named = one => titleOf(one.title) || one.number || one.id;
export const number = value => new Intl.NumberFormat(state.lang).format(value);
export const truth = value => t(value ? "yes" : "no");
export const arrow = () => state.lang === "ar" ? " ← " : " → ";
export const kindOf = name => state.meta.kinds.find(one => one.name === name);
export const can = (kind, verb) => state.meta.operations.some(one => one.name === `${kind.name}.${verb}`);
export const stateTitle = (kind, name) => ((kind.states || []).find(one => one.name === name) || { title: name }).title;

// A field, or one of the columns every record has.
export function fieldOf(kind, name) {
  return kind.fields.find(one => one.name === name) || {
    id: { name, type: "id", title: "ID" },
    number: { name, type: "id", title: t("number") },
    state: { name, type: "choice", title: t("state"), choices: kind.states },
    entity: kindOf("entity") && { name, type: "ref", to: "entity", title: kindOf("entity").title },
    since: { name, type: "time", title: t("since") },
    version: { name, type: "integer", title: t("version") },
    archived: { name, type: "time", title: t("archived") },
  }[name];
}

// A value as text or an element; "" when there is none.
export function shown(field, value) {
  if (value === null || value === undefined || value === "") return "";
  if (value.erased) return t("erased");
  if (value.digest && value.salt) return el("span", { class: "soft" }, t("digest")); // history keeps no more of such a field
  switch (field.type) {
  case "money": return el("bdi", {}, new Intl.NumberFormat(state.lang, { style: "currency", currency: value.currency, currencyDisplay: "code" }).format(value.amount));
  case "date": return new Intl.DateTimeFormat(state.lang, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(value));
  case "time": return el("time", { datetime: value }, new Intl.DateTimeFormat(state.lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value)));
  case "decimal": return new Intl.NumberFormat(state.lang, { minimumFractionDigits: field.scale, maximumFractionDigits: field.scale }).format(value);
  case "integer": return number(value);
  case "boolean": return truth(value);
  case "choice": return ((field.choices || []).find(choice => choice.name === value) || { title: value }).title;
  case "local": return titleOf(value);
  case "file": return `${value.name} (${number(value.size)} B)`;
  case "ref": return el("a", { href: `#/${field.to}/${value.id || value}` }, el("bdi", {}, value.id ? named(value) : state.entities.get(value) || value));
  case "refs": return value.length ? el("span", {}, ...value.flatMap((one, i) => [i ? ", " : "", shown({ ...field, type: "ref" }, one)])) : "";
  default: return el("bdi", {}, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
}

// A field of an item. Records that are about another of whatever kind (findings, tasks, comments) name it by two fields.
export function shownOf(kind, item, name) {
  const about = item.about && kindOf(item.about_kind);
  if (about && name === "about") return shown({ type: "ref", to: about.name }, item.about);
  if (about && name === "about_kind") return about.title;
  return shown(fieldOf(kind, name), item[name]);
}
export const aboutOthers = kind => ["about", "about_kind"].every(name => kind.fields.some(field => field.name === name));
