// What script adds to the ledger's grid, which works without it: Enter stores and goes on, a scanner's Enter only moves
// on, a block pasted from a spreadsheet fills rows, and what is typed is kept on the server after every change.

const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const grid = () => one("[data-grid]");
const controls = (row) => all("input:not([type=hidden]),select", row).filter((field) => field.checkVisibility?.() ?? true);
const typed = (row) => controls(row).filter((field) => field.tagName === "INPUT" && field.name !== "occurred_on");
const isBlank = (row) => typed(row).every((field) => !field.value.trim());

// A barcode scanner types digits and Enter: that must move on, never send half a row
function onEnter(event) {
  const field = event.target;
  const row = field.closest?.("[data-row]");
  if (event.key !== "Enter" || event.isComposing || !row || field.matches("button,summary,a")) return;
  if (field.matches("[data-scan]")) {
    event.preventDefault();
    const order = controls(row);
    order[order.indexOf(field) + 1]?.focus();
  } else if (field.tagName === "SELECT") { // a list swallows Enter in some browsers
    event.preventDefault();
    grid().requestSubmit(one("button[type=submit]", row));
  }
}

// The digits before the words of a list choose them, also where the browser searches from the start of the words
function onDigit(event) {
  const list = event.target;
  if (list.tagName !== "SELECT" || !list.closest("[data-row]") || !/^[1-9]$/.test(event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const option = [...list.options].find((each) => each.text.startsWith(`${event.key} `));
  if (!option) return;
  event.preventDefault();
  if (list.value === option.value) return;
  list.value = option.value;
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

// A block of a spreadsheet: tabs or several lines go to the server, which knows columns, headers and words
function onPaste(event) {
  const row = event.target.closest?.("[data-row]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!row || !/\t|\n./.test(text.trim())) return;
  event.preventDefault();
  const form = grid();
  one("[name=block]", form).value = text;
  one("[data-paste]", form).click(); // its own address: a submit by hand would go to the form's
}

// Drafts: after each change the whole grid is kept on the server; two changes at once are one keeping
let keeping = null;
let again = false;

async function keep() {
  const form = grid();
  if (!form) return;
  if (keeping) { again = true; return; }
  keeping = send(form);
  await keeping;
  keeping = null;
  if (again) { again = false; keep(); }
}

async function send(form) {
  try {
    const answer = await fetch(form.dataset.keep, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (answer.type === "opaqueredirect") return lost(form);
    if (answer.status === 400 && await renew(form)) again = true; // signed in anew elsewhere: the page's token is an old one
    else if (answer.ok) one("[data-lost-note]")?.remove();
  } catch { /* no network: the next change tries again */ }
  return undefined;
}

async function renew(form) {
  const answer = await fetch(location.pathname, { redirect: "manual" });
  if (!answer.ok) return lost(form);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = one("[data-grid] [name=csrf_token]", page)?.value;
  if (!fresh || fresh === one("[name=csrf_token]", form).value) return false;
  for (const field of all("[name=csrf_token]")) field.value = fresh;
  return true;
}

function lost(form) {
  if (one("[data-lost-note]")) return false;
  const note = Object.assign(document.createElement("div"), { className: "note near" });
  note.dataset.lostNote = "";
  const link = Object.assign(document.createElement("a"), { href: "/sign-in", target: "_blank", textContent: form.dataset.lost });
  note.append(link);
  one("#alerts").replaceChildren(note);
  return false;
}

// A further row: a copy of the last one with its own name, emptied to what stood there beforehand
function addRow(after) {
  const row = after.cloneNode(true);
  const token = crypto.randomUUID?.().replaceAll("-", "").slice(0, 16) ?? `${Date.now().toString(16)}${Math.random().toString(16).slice(2, 8)}`;
  one("[name=token]", row).value = token;
  for (const field of all("[aria-invalid]", row)) { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); }
  const why = one("[data-why]", row);
  why.id = `why-${token}`;
  why.replaceChildren();
  why.closest("tr").hidden = true;
  for (const field of all("input[type=text]", row)) if (field.name !== "occurred_on") field.value = "";
  one("details", row).open = false;
  after.after(row);
  return row;
}

// Arrow down in the last row opens one more, so that several can be filled before they are stored together
function onDown(event) {
  const row = event.target.closest?.("[data-row]");
  if (event.key !== "ArrowDown" || event.altKey || !row || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  const rows = all("[data-row]");
  const next = rows[rows.indexOf(row) + 1] ?? (isBlank(row) ? row : addRow(row));
  const same = one(`[name="${event.target.name}"]`, next);
  same?.focus();
}

function onUp(event) {
  const row = event.target.closest?.("[data-row]");
  if (event.key !== "ArrowUp" || event.altKey || !row || event.target.tagName !== "INPUT") return;
  const rows = all("[data-row]");
  const before = rows[rows.indexOf(row) - 1];
  if (!before) return;
  event.preventDefault();
  one(`[name="${event.target.name}"]`, before)?.focus();
}

// After storing: to the first cell at fault, else to the new line
function goOn() {
  const fault = one("[data-row] [aria-invalid]");
  if (fault) return fault.focus();
  const rows = all("[data-row]");
  const next = rows.find(isBlank) ?? rows[0];
  return next && focusFirst(next);
}

function focusFirst(row) {
  const field = one("[name=consumer_name]", row) ?? controls(row)[0];
  field?.focus();
  field?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("keydown", (event) => { onEnter(event); onDigit(event); onDown(event); onUp(event); });
document.addEventListener("paste", onPaste);
document.addEventListener("change", (event) => { if (event.target.closest?.("[data-row]")) keep(); });
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-grid-new]")) return;
  event.preventDefault();
  const rows = all("[data-row]");
  const last = rows[rows.length - 1];
  if (last) focusFirst(rows.find(isBlank) ?? addRow(last));
});
document.addEventListener("htmx:after:swap", () => { if (grid()) goOn(); });
document.addEventListener("htmx:before:request", () => { again = false; });
