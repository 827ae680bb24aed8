// What script adds to pages that work without it: keys, copy, selection, questions before irreversible acts,
// undo countdown, drafts, focus on errors. Every text people read stands in the templates.

const root = document.documentElement;
root.dataset.js = "";
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
function say(text) { // emptied first, so that the same words are spoken again
  const line = one("#say");
  line.textContent = "";
  setTimeout(() => { line.textContent = text; }, 50);
}
const store = {
  read(key, otherwise) { try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; } },
  write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private window: nothing is kept */ } },
  drop(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
};

// Keys: single letters act outside fields only, can be switched off and moved (WCAG 2.1.4)
const keys = { off: false, map: {}, ...store.read("portal.keys", {}) };
const pressedFor = (letter) => keys.map[letter] ?? letter;
const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

function showKeys(from = document) {
  root.dataset.keys = keys.off ? "off" : "on";
  for (const element of all("[data-key]", from)) {
    const shown = pressedFor(element.dataset.key);
    const hint = one("kbd", element);
    if (hint) hint.textContent = shown;
    if (keys.off) element.removeAttribute("aria-keyshortcuts");
    else element.setAttribute("aria-keyshortcuts", shown);
  }
}

const rows = () => all(".work tbody tr, [data-rows] > *").filter((row) => one("a[href]", row) && visible(row));
const currentRow = () => one(".work tbody tr[aria-current], [data-rows] > [aria-current]");

function moveRow(step) {
  const list = rows();
  if (!list.length) return;
  const at = list.indexOf(currentRow());
  const next = list[Math.min(Math.max(at < 0 && step < 0 ? 0 : at + step, 0), list.length - 1)];
  for (const row of list) row.removeAttribute("aria-current");
  next.setAttribute("aria-current", "true");
  one("a[href]", next).focus();
}

function act(key) {
  if (key === "J" || key === "K") return moveRow(key === "J" ? 1 : -1);
  if (key === "X") return one("[data-pick]", currentRow() ?? document.createElement("p"))?.click();
  if (key === "/") { const field = one("[data-slash]"); field?.focus(); return field?.select(); }
  if (key === "?") return openKeys();
  return undefined;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  const typing = event.target.closest?.("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");
  if (event.key === "Escape") return closeFilters(event);
  if (keys.off || typing || one("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  if (key === "Enter" && event.target.closest?.("a,button,summary,label,input")) return;
  const command = all("[data-key]").find((element) => pressedFor(element.dataset.key).toUpperCase() === key.toUpperCase() && visible(element) && !element.disabled);
  if (command) { event.preventDefault(); command.focus(); command.click(); }
  else if (["J", "K", "X", "/", "?"].includes(key)) { event.preventDefault(); act(key); }
});

function closeFilters(event) {
  const open = event.target.closest?.("details.filters[open]");
  if (open) { open.open = false; one("summary", open).focus(); }
}

function openKeys() {
  const dialog = one("#keys");
  if (!dialog || dialog.open) return;
  const list = one("[data-keys-list]", dialog);
  for (const row of all("tr[data-command]", list)) row.remove();
  const seen = new Set();
  for (const element of all("[data-key]").filter(visible)) {
    const letter = element.dataset.key;
    if (seen.has(letter)) continue;
    seen.add(letter);
    const name = [...element.childNodes].filter((node) => node.nodeName !== "KBD").map((node) => node.textContent).join("").trim();
    const row = list.insertRow();
    row.dataset.command = letter;
    row.insertCell().textContent = name;
    if (letter.length > 1 || "[]".includes(letter)) { // Enter and brackets are fixed, not letters
      row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: letter }));
      continue;
    }
    const field = Object.assign(document.createElement("input"), { value: pressedFor(letter), maxLength: 1, autocomplete: "off" });
    field.setAttribute("aria-label", name);
    row.insertCell().append(field);
  }
  one("[data-keys-on]", dialog).checked = !keys.off;
  one("[data-keys-clash]", dialog).hidden = true;
  dialog.returnValue = "";
  dialog.showModal();
}

function saveKeys(event) {
  if (event.submitter?.value !== "save") return;
  const dialog = one("#keys");
  const map = { ...keys.map };
  const used = ["J", "K", "X", "/", "?"];
  for (const row of all("tr[data-command]", dialog)) {
    const field = one("input", row);
    if (!field) continue;
    const chosen = field.value.trim().toUpperCase() || row.dataset.command;
    if (used.includes(chosen)) {
      event.preventDefault();
      one("[data-keys-clash]", dialog).hidden = false;
      field.focus();
      return;
    }
    used.push(chosen);
    if (chosen === row.dataset.command) delete map[row.dataset.command];
    else map[row.dataset.command] = chosen;
  }
  Object.assign(keys, { off: !one("[data-keys-on]", dialog).checked, map });
  store.write("portal.keys", keys);
  showKeys();
}

// A question before what cannot be taken back
function ask(question, title, yes) {
  const dialog = one("#confirm");
  one("[data-question]", dialog).textContent = question;
  one("h2", dialog).textContent = title;
  one("[data-yes]", dialog).textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const sent = new WeakSet(); // forms under way
let agreed = null; // the form whose question was just answered with yes

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.closest("#keys")) return saveKeys(event);
  if (form.getAttribute("method") === "dialog") return;
  const asking = event.submitter?.dataset.confirm ? event.submitter : form.dataset.confirm ? form : null;
  if (asking && agreed !== form) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const label = (event.submitter?.textContent ?? "").replace(one("kbd", event.submitter ?? form)?.textContent ?? "", "").trim();
    ask(asking.dataset.confirm, asking.dataset.confirmTitle || label, asking.dataset.confirmYes || label).then((yes) => {
      if (!yes) return;
      agreed = form;
      form.requestSubmit(event.submitter);
      agreed = null;
    });
    return;
  }
  if (form.method !== "post") return;
  if (sent.has(form)) { // a second press while the first is under way
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  sent.add(form);
  setTimeout(() => released(form), 10_000); // an answer may be a file: then this page stays
  event.submitter?.setAttribute("aria-busy", "true");
  sentDraft(form);
}, true);

function released(form) {
  if (!form) return;
  sent.delete(form);
  for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
}
addEventListener("pageshow", (event) => { if (event.persisted) all("form").forEach(released); });

// Selection with count and sum
function countPicked(form) {
  const boxes = all("[data-pick]", form);
  const picked = boxes.filter((box) => box.checked);
  const top = one("[data-pick-all]", form);
  if (top) { top.checked = picked.length > 0 && picked.length === boxes.length; top.indeterminate = picked.length > 0 && !top.checked; }
  const fen = picked.reduce((sum, box) => sum + Number(box.dataset.fen ?? 0), 0);
  for (const place of all("[data-picked]", form)) place.textContent = picked.length;
  for (const place of all("[data-sum]", form)) place.textContent = (fen / 100).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

document.addEventListener("change", (event) => {
  const target = event.target;
  const work = target.closest?.(".work");
  if (target.matches("[data-pick-all]")) for (const box of all("[data-pick]", work)) box.checked = target.checked;
  if (work && target.matches("[data-pick],[data-pick-all]")) countPicked(work);
  if (target.type === "file") showFiles(target);
});
document.addEventListener("reset", (event) => { if (event.target.matches(".work")) queueMicrotask(() => countPicked(event.target)); });

function showFiles(input) {
  const limit = Number(input.dataset.maxBytes ?? Infinity);
  const tooBig = [...input.files].find((file) => file.size > limit);
  const error = one("[data-too-big]", input.parentElement);
  if (!error) return;
  error.hidden = !tooBig;
  input.toggleAttribute("aria-invalid", false);
  if (!tooBig) return;
  one("[data-file-name]", error).textContent = tooBig.name;
  input.setAttribute("aria-invalid", "true");
  say(error.textContent);
  input.value = "";
}

// Copying into another system by hand
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch { // no clipboard outside https: take the selection
    getSelection().selectAllChildren(source);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
  say(one("#say").dataset.copied);
  one("use", button)?.setAttribute("href", one("use", button).getAttribute("href").replace(/#.*/, "#check"));
}

document.addEventListener("click", (event) => {
  for (const filters of all("details.filters[open]")) if (!filters.contains(event.target)) filters.open = false;
  const target = event.target.closest?.("[data-copy],[data-keys-open],[data-keys-reset],[data-drop-draft],[data-close]");
  if (!target) return;
  if (target.dataset.copy) copy(target);
  else if (target.matches("[data-keys-open]")) openKeys();
  else if (target.matches("[data-keys-reset]")) { Object.assign(keys, { off: false, map: {} }); store.drop("portal.keys"); one("#keys").close(); showKeys(); }
  else if (target.matches("[data-close]")) target.closest(".note").remove();
  else if (target.matches("[data-drop-draft]")) { store.drop(draftKey(target.closest("form"))); location.reload(); }
});

// Undo: the server says how many seconds are left when it renders; the page only counts them down
function countDown(toast) {
  if (toast.dataset.counting) return;
  toast.dataset.counting = "yes";
  const end = performance.now() + Number(toast.dataset.undoSeconds) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((end - performance.now()) / 1000);
    const place = one("[data-seconds]", toast);
    if (place) place.textContent = Math.max(left, 0);
    if (left > 0 && toast.isConnected) return;
    clearInterval(timer);
    one("form", toast)?.remove();
  }, 500);
}

// Drafts: kept in this browser under the person's name, for a day, until the form was accepted
const DAY = 86_400_000;
const draftKey = (form) => `draft:${document.body.dataset.me ?? ""}:${form.dataset.draft}`;
const drafted = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type));

const draftTimers = new WeakMap();
function saveDraft(form) {
  clearTimeout(draftTimers.get(form));
  const values = drafted(form).map((field) => [field.name, field.value, ["checkbox", "radio"].includes(field.type) ? field.checked : null]);
  store.write(draftKey(form), { at: Date.now(), values });
}

function restoreDraft(form) {
  const draft = store.read(draftKey(form), null);
  if (!draft) return;
  if (Date.now() - draft.at > DAY) return store.drop(draftKey(form));
  if (one("[data-errors]")) return; // the server gave back what was sent
  const waiting = [...draft.values];
  let changed = false;
  for (const field of drafted(form)) {
    const ticks = ["checkbox", "radio"].includes(field.type);
    const at = waiting.findIndex(([name, value]) => name === field.name && (!ticks || value === field.value));
    if (at < 0) continue;
    const [[, value, checked]] = waiting.splice(at, 1);
    if (ticks ? field.checked !== checked : field.value !== value) changed = true;
    if (ticks) field.checked = checked;
    else field.value = value;
  }
  const notice = one("[data-draft-notice]", form);
  if (changed && notice) notice.hidden = false;
  if (changed) say(one("#say").dataset.restored);
}

const SENT = "portal.sent-draft";
function sentDraft(form) {
  if (form.dataset.draft) saveDraft(form); // what was typed last must not wait for the timer
  if (form.dataset.draft) try { sessionStorage.setItem(SENT, draftKey(form)); } catch { /* private window */ }
  if (form.getAttribute("action") === "/sign-out") dropDrafts();
}
function dropDrafts() {
  try { for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) localStorage.removeItem(key); } catch { /* private window */ }
}
function settleSentDraft(accepted) {
  try {
    const key = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    if (key && accepted) store.drop(key);
  } catch { /* private window */ }
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset.limit) { const used = one("[data-used]", field.parentElement); if (used) used.textContent = [...field.value].length; }
  const form = field.form;
  if (!form?.dataset.draft) return;
  clearTimeout(draftTimers.get(form));
  draftTimers.set(form, setTimeout(() => saveDraft(form), 400));
});

// htmx: errors come as sentences, a lost session leads to the sign-in page
function alarm(title, text) {
  const note = Object.assign(document.createElement("div"), { className: "note bad" });
  const words = document.createElement("div");
  if (title) words.append(Object.assign(document.createElement("p"), { textContent: title }));
  if (text) words.append(Object.assign(document.createElement("p"), { textContent: text, className: "small" }));
  note.append(words);
  one("#alerts").replaceChildren(note);
}

document.addEventListener("htmx:before:response", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.redirected) return;
  event.preventDefault(); // a redirect is meant for the window, not for a fragment
  event.detail.ctx.leaving = true;
  location.assign(answer.url);
});
document.addEventListener("htmx:response:error", (event) => {
  const { response, text, hx } = event.detail.ctx;
  if (response.status === 422 || hx?.redirect) return;
  const page = new DOMParser().parseFromString(text ?? "", "text/html");
  const title = one("h1", page)?.textContent;
  alarm(title ?? one("#alerts").dataset.failed, title && one("[data-what]", page)?.textContent);
});
document.addEventListener("htmx:error", (event) => { const ctx = event.detail.ctx; if (ctx && !ctx.response && ctx.sourceEvent?.type !== "every") alarm(one("#alerts").dataset.offline); });
document.addEventListener("htmx:finally:request", (event) => {
  const { request, response, leaving } = event.detail.ctx;
  released(request.form);
  if (request.method === "POST" && !leaving) settleSentDraft(response?.status < 400);
});
document.addEventListener("htmx:after:swap", (event) => {
  prepare();
  if (event.detail.ctx.response.status === 422) one("[data-errors]")?.focus();
});

function prepare() {
  showKeys();
  all("[data-copy]").forEach((button) => { button.hidden = false; });
  all("[data-undo-seconds]").forEach(countDown);
  all(".work").forEach(countPicked);
}

prepare();
// a page without errors after sending means it was accepted; error pages and the sign-in page say otherwise
settleSentDraft(!one("[data-errors]") && !("keepDrafts" in document.body.dataset));
all("form[data-draft]").forEach(restoreDraft);
one("[data-errors]")?.focus();
