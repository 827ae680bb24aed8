// Photos go one by one as soon as they are chosen: a connection that breaks loses none that arrived, and the rest can
// be sent again without choosing them anew. Without script the form sends them all at once.

const one = (selector, from = document) => from.querySelector(selector);

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = one("input[type=file]", form);
  const box = one("[data-upload-state]", form);
  let waiting = [];
  let stored = 0;

  function show(name, left = 0) {
    box.hidden = false;
    for (const line of box.children) line.hidden = line.dataset.uploadLine !== name;
    for (const place of box.querySelectorAll("[data-stored]")) place.textContent = stored;
    for (const place of box.querySelectorAll("[data-left]")) place.textContent = left;
  }

  async function send(file) {
    const body = new FormData(form);
    body.delete(input.name);
    body.set("step", "files");
    body.append(input.name, file);
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    return answer.type === "opaqueredirect" || answer.ok ? "stored" : answer.status === 429 ? "later" : "refused";
  }

  async function sendAll() {
    show("sending", waiting.length);
    while (waiting.length) {
      let outcome;
      try { outcome = await send(waiting[0]); } catch { return show("offline", waiting.length); }
      if (outcome === "later") return show("later", waiting.length);
      waiting.shift();
      stored += outcome === "stored" ? 1 : 0;
      show("sending", waiting.length);
    }
    location.hash = "proofs";
    return location.reload(); // the server shows what it holds, and what it refused
  }

  input.addEventListener("change", () => {
    if ([...input.files].some((file) => file.size > Number(input.dataset.maxBytes))) return; // told by app.js
    waiting = [...input.files];
    stored = 0;
    input.value = "";
    sendAll();
  });
  for (const button of box.querySelectorAll("button")) button.addEventListener("click", sendAll);
}
