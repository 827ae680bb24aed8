// Several photos are sent one after the other, so that a lost connection loses none that has arrived.
// Without script the form sends them together, and the server keeps each one that came whole.

const online = () =>
  navigator.onLine ? Promise.resolve() : new Promise((resume) => addEventListener("online", resume, { once: true }));

const pause = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));

async function send(form, file, first) {
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  if (first && form.elements.replaces) body.append("replaces", form.elements.replaces.value);
  body.append("files", file);
  const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  if ([429, 503].includes(answer.status)) throw new Error("later");
  return answer;
}

async function problemOf(answer) {
  if (answer.ok) return "";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[data-problem], [role=alert], h1")?.textContent.trim() ?? String(answer.status);
}

async function sendAll(form, files) {
  const line = form.querySelector("[data-progress]");
  const button = form.querySelector("button");
  const problems = [];
  line.hidden = false;
  button.disabled = true;
  let sent = 0;
  for (let place = 0; place < files.length; ) {
    line.textContent = `${form.dataset.saved} ${sent}/${files.length}`;
    try {
      const problem = await problemOf(await send(form, files[place], place === 0));
      if (problem) problems.push(problem);
      else sent += 1;
      place += 1;
    } catch {
      line.textContent = `${form.dataset.saved} ${sent}/${files.length}. ${form.dataset.waiting}`;
      await pause(2);
      await online();
    }
  }
  if (problems.length === 0) return location.reload();
  line.textContent = `${form.dataset.saved} ${sent}/${files.length}. ${problems.join(" ")}`;
  button.disabled = false;
  return undefined;
}

for (const form of document.querySelectorAll("form[data-one-by-one]")) {
  form.addEventListener("submit", (event) => {
    const files = [...form.elements.files.files];
    if (files.length < 2) return;
    event.preventDefault();
    sendAll(form, files);
  });
}
