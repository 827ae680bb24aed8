// Files go to the server one by one: a connection that breaks loses none that arrived. Without script the form sends
// them together, and the server keeps each one that came whole. `data-upload="chosen"` sends as soon as files are
// chosen, and after a break a press goes on; `data-upload="sent"` sends several by the form's button and goes on alone.

const one = (selector, from = document) => from.querySelector(selector);
const pause = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));
const online = () =>
  navigator.onLine ? Promise.resolve() : new Promise((resume) => addEventListener("online", resume, { once: true }));

async function problemOf(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return one("[data-problem], [role=alert], h1", page)?.textContent.trim() ?? String(answer.status);
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = one("input[type=file]", form);
  const box = one("[data-upload-state]", form);
  const goesOn = form.dataset.upload === "sent";
  let waiting = [];
  let problems = [];
  let [stored, tried, running] = [0, 0, false];

  function show(name) {
    box.hidden = false;
    for (const line of box.children) line.hidden = line.dataset.uploadLine !== name;
    for (const place of box.querySelectorAll("[data-stored]")) place.textContent = stored;
    for (const place of box.querySelectorAll("[data-left]")) place.textContent = waiting.length;
    one("[data-problems]", box).textContent = problems.join(" ");
  }

  async function send(file) {
    const body = new FormData(form);
    body.delete(input.name);
    if (tried > 0) body.delete("replaces"); // only the first takes the place of another page
    if (form.dataset.step) body.set("step", form.dataset.step);
    body.append(input.name, file);
    const answer = await fetch(form.action, { method: "POST", body, redirect: goesOn ? "follow" : "manual" });
    if ([429, 503].includes(answer.status)) return "later";
    if (answer.type === "opaqueredirect" || answer.ok) stored += 1;
    else problems.push(await problemOf(answer));
    tried += 1;
    waiting.shift();
    return "sending";
  }

  async function sendAll() {
    show("sending");
    while (waiting.length) {
      const outcome = await send(waiting[0]).catch(() => "offline");
      show(outcome);
      if (outcome === "sending") continue;
      if (!goesOn) return;
      await pause(2);
      await online();
    }
    if (problems.length) return show("problems");
    if (form.dataset.anchor) location.hash = form.dataset.anchor;
    location.reload(); // the server shows what it holds, and what it refused
  }

  async function goOn() {
    const button = goesOn ? one("button", form) : null;
    running = true;
    button?.toggleAttribute("disabled", true);
    await sendAll();
    button?.toggleAttribute("disabled", false);
    running = false;
  }

  function start(files) {
    waiting = running ? [...waiting, ...files] : files;
    if (running) return;
    [problems, stored, tried] = [[], 0, 0];
    goOn();
  }

  form.addEventListener("submit", (event) => {
    if (!goesOn || input.files.length < 2) return;
    event.preventDefault();
    start([...input.files]);
  });
  input.addEventListener("change", () => {
    if (goesOn || !input.files.length) return;
    if ([...input.files].some((file) => file.size > Number(input.dataset.maxBytes))) return; // told by app.js
    const files = [...input.files];
    input.value = "";
    start(files);
  });
  for (const button of box.querySelectorAll("button")) button.addEventListener("click", goOn);
}
