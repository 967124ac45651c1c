// Forms made from a kind's fields. The server checks what is typed; what it says of a field stands beside that field.
import { languages } from "./texts.js";
import { at, call, el, fieldOf, kindOf, named, say, t, truth } from "./base.js";

const pad = n => String(n).padStart(2, "0");
const local = time => { // an instant as the date and time on the reader's clock
  const d = new Date(time);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
};

// Every widget answers {node, read}; read gives the JSON the field takes, null for nothing.
const plain = (node, text) => {
  node.value = text ?? "";
  return { node, read: () => node.value.trim() === "" ? null : node.value };
};

function chooser(attributes, entries, value) {
  const node = el("select", attributes, el("option", { value: "" }, ""), ...entries.map(([name, title]) => el("option", { value: name }, title)));
  node.value = value ?? "";
  return { node, read: () => node.value || null };
}

const json = (attributes, value) => {
  const node = el("textarea", { ...attributes, rows: "3", spellcheck: "false" });
  node.value = value === undefined || value === null ? "" : JSON.stringify(value);
  return { node, read: () => { try { return node.value.trim() === "" ? null : JSON.parse(node.value); } catch { return node.value; } } };
};

// A text box that offers the records whose title holds what is typed; an id may be typed too.
function picker(field, attributes, value, picked) {
  const kind = kindOf(field.to), known = new Map();
  const label = one => {
    const words = [titleOfRecord(one), one.number].filter(Boolean).join(" · ");
    return known.has(words) && known.get(words) !== one.id ? `${words} · ${one.id}` : words;
  };
  const titleOfRecord = one => one.title !== undefined || !kind ? named(one) : named({ ...one, title: one[kind.title_field] });
  const learn = one => { const words = label(one); known.set(words, one.id); return words; };
  const offers = el("datalist", { id: attributes.id + "-offers" });
  const box = el("input", { ...attributes, list: offers.id, autocomplete: "off", placeholder: t("pick") });
  if (value) box.value = value.id ? learn(value) : value;
  let due = 0;
  const offer = async () => {
    const typed = box.value.trim();
    if (known.has(typed)) return;
    const query = new URLSearchParams({ limit: "20", select: kind.title_field });
    if (typed) query.set(kind.title_field, `ilike.*${typed}*`);
    const found = await call("GET", `/api/${field.to}?${query}`).catch(() => ({ items: [] }));
    offers.replaceChildren(...found.items.map(one => el("option", { value: learn(one) })));
  };
  const ask = () => { clearTimeout(due); due = setTimeout(offer, 200); };
  box.addEventListener("input", ask);
  box.addEventListener("focus", ask);
  if (picked) box.addEventListener("change", () => { if (known.has(box.value.trim())) picked(known.get(box.value.trim()), box); });
  return { node: el("span", { class: "pick" }, box, offers), read: () => known.get(box.value.trim()) || box.value.trim() || null };
}

function several(field, attributes, value) {
  const chosen = new Map((value || []).map(one => [one.id || one, one.id ? named(one) : one]));
  const list = el("ul", { class: "chosen" });
  const draw = () => list.replaceChildren(...[...chosen].map(([id, words]) => el("li", {}, el("bdi", {}, words), " ",
    el("button", { type: "button", "aria-label": `${t("remove")}: ${words}`, onclick: () => { chosen.delete(id); draw(); box.querySelector("input").focus(); } }, "×"))));
  const { node: box, read } = picker(field, attributes, null, (id, input) => { chosen.set(id, input.value); input.value = ""; draw(); });
  draw();
  return { node: el("span", {}, list, box), read: () => { const rest = read(); return [...chosen.keys(), ...(rest ? [rest] : [])]; } };
}

function money(attributes, value) {
  const amount = el("input", { ...attributes, inputmode: "decimal", size: "12" });
  const currency = el("input", { "aria-label": t("currency"), maxlength: "3", size: "4", autocapitalize: "characters" });
  amount.value = value ? value.amount : "";
  currency.value = value ? value.currency : "USD";
  return { node: el("span", { class: "pair" }, amount, currency), read: () => amount.value.trim() ? { amount: amount.value.trim(), currency: currency.value.trim().toUpperCase() } : null };
}

function translated(field, attributes, value) {
  const boxes = Object.entries(languages).map(([tag, title], i) => {
    const box = el(field.multiline ? "textarea" : "input", { ...attributes, id: i ? undefined : attributes.id, lang: tag, dir: tag === "ar" ? "rtl" : "ltr", "aria-label": `${field.title}: ${title}`, placeholder: title });
    box.value = (value || {})[tag] || "";
    return [tag, box];
  });
  return { node: el("span", { class: "several" }, ...boxes.map(([, box]) => box)), read: () => {
    const given = boxes.filter(([, box]) => box.value.trim()).map(([tag, box]) => [tag, box.value.trim()]);
    return given.length ? Object.fromEntries(given) : null;
  } };
}

function widget(field, attributes, value) {
  switch (field.type) {
  case "choice": return chooser(attributes, field.choices.map(one => [one.name, one.title]), value);
  case "boolean": {
    const made = chooser(attributes, [["true", truth(true)], ["false", truth(false)]], value === undefined || value === null ? "" : String(value));
    return { node: made.node, read: () => made.read() === null ? null : made.read() === "true" };
  }
  case "integer": {
    const made = plain(el("input", { ...attributes, inputmode: "numeric" }), value);
    return { node: made.node, read: () => made.read() !== null && /^\s*-?\d{1,15}\s*$/.test(made.read()) ? Number(made.read()) : made.read() };
  }
  case "decimal": return plain(el("input", { ...attributes, inputmode: "decimal" }), value);
  case "date": return plain(el("input", { ...attributes, type: "date" }), value);
  case "time": {
    const made = plain(el("input", { ...attributes, type: "datetime-local", step: "1" }), value ? local(value) : "");
    return { node: made.node, read: () => made.read() ? new Date(made.read()).toISOString().replace(".000", "") : null };
  }
  case "money": return money(attributes, value);
  case "ref": return picker(field, attributes, value);
  case "refs": return several(field, attributes, value);
  case "local": return translated(field, attributes, value);
  case "json": case "geometry": case "file": return json(attributes, value);
  default: return plain(el(field.multiline ? "textarea" : "input", { ...attributes, rows: field.multiline ? "4" : undefined, maxlength: field.max }), value);
  }
}

function line(field, value) {
  const id = "f-" + field.name;
  const made = widget(field, { id, "aria-describedby": (field.help ? `h-${field.name} ` : "") + "e-" + field.name, "aria-required": field.required && "true" }, value);
  const row = el("div", {}, el("label", { for: id }, field.title, field.required && el("span", { class: "soft" }, ` (${t("required")})`)), made.node,
    field.help && el("p", { class: "soft", id: "h-" + field.name }, field.help), el("p", { class: "error", id: "e-" + field.name }));
  return { field, row, read: made.read, first: JSON.stringify(made.read()) };
}

function mark(lines, errors) {
  let first = null;
  for (const { field, row } of lines) {
    const mine = errors.filter(one => (one.pointer || "").split("/")[1] === field.name);
    row.querySelector(".error").textContent = mine.map(one => one.detail).join("; ");
    const box = at("f-" + field.name);
    if (mine.length) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
    if (mine.length && !first) first = box;
  }
  if (first) first.focus();
}

// A new record, a change of one, or (`to.only`) a few of its fields for a step.
export function form(kind, item, to = {}) {
  const masked = (item && item.masked) || [];
  const fields = kind.fields.filter(one => to.only ? to.only.includes(one.name) : !one.read_only && !masked.includes(one.name));
  if (!item && kind.name !== "entity" && fieldOf(kind, "entity")) fields.push(fieldOf(kind, "entity"));
  const lines = fields.map(one => line(one, item ? item[one.name] : undefined));
  const error = el("p", { class: "error", role: "alert" });
  const [method, path] = to.path ? [to.method, to.path] : item ? ["PATCH", `/api/${kind.name}/${item.id}`] : ["POST", "/api/" + kind.name];
  const send = async event => {
    event.preventDefault();
    const body = {};
    for (const one of lines) if (JSON.stringify(one.read()) !== one.first) body[one.field.name] = one.read();
    error.textContent = "";
    mark(lines, []);
    try {
      const made = await call(method, path, body, item && item.version);
      say(t("saved"));
      location.hash = `#/${kind.name}/${made.id}`;
    } catch (failed) {
      const placed = failed.errors.filter(one => lines.some(({ field }) => (one.pointer || "").split("/")[1] === field.name));
      error.textContent = [failed.message, ...failed.errors.filter(one => !placed.includes(one)).map(one => one.detail)].join(" ");
      mark(lines, placed);
    }
  };
  const back = item ? `#/${kind.name}/${item.id}` : "#/" + kind.name;
  return [to.title || (item ? `${t("edit")}: ${kind.title}` : `${t("create")}: ${kind.title}`),
    el("form", { class: "fields", novalidate: true, onsubmit: send }, error, ...lines.map(one => one.row),
      el("div", { class: "bar" }, el("button", { class: "act" }, t("save")), el("a", { class: "button", href: back }, t("cancel"))))];
}
