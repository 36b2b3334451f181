// The account pages: each form is sent as JSON to the address in its `data-action`, and what the server says about a field
// stands beside that field. Texts are the server's, in the page's language.
"use strict";

const language = document.documentElement.lang;
const token = location.hash.slice(1);

/** Sends JSON; gives status and body, status 0 where no server answers. */
async function ask(method, address, body) {
  try {
    const answer = await fetch(address, {
      method,
      headers: { "accept-language": language, ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, ok: answer.ok, body: text ? JSON.parse(text) : {} };
  } catch {
    return { status: 0, ok: false, body: { detail: document.body.dataset.offline } };
  }
}

function show(name) {
  for (const part of document.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== name;
  const shown = document.querySelector(`[data-state="${name}"]`);
  const inputs = [...(shown?.querySelectorAll("input") ?? [])];
  (inputs.find((one) => !one.closest("[hidden]")) ?? shown?.querySelector("h1"))?.focus();
}

function say(form, text) {
  const place = form.querySelector(".status");
  place.textContent = text;
  place.hidden = !text;
}

function clear(form) {
  say(form, "");
  for (const error of form.querySelectorAll(".error")) error.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/** Puts each fault beside its field, and the first one in focus. */
function refuse(form, problem) {
  const faults = problem.errors ?? [];
  const open = [...form.querySelectorAll("input[name]")].filter((one) => !one.closest("[hidden]"));
  let first = null;
  let rest = faults.length ? "" : problem.detail;
  for (const fault of faults) {
    const input = open.find((one) => one.name === fault.field);
    if (!input) {
      rest = rest ? `${rest} ${fault.detail}` : fault.detail;
      continue;
    }
    input.setAttribute("aria-invalid", "true");
    document.getElementById(`${input.id}-error`).textContent = fault.detail;
    first ??= input;
  }
  say(form, rest);
  first?.focus();
}

/** The form's fields, without those that are hidden or may be left out and are empty. */
function fields(form) {
  const body = {};
  for (const input of form.querySelectorAll("input[name]")) {
    const hidden = input.closest("[hidden]");
    if (!hidden && (input.value || input.required)) body[input.name] = input.value;
  }
  if ("token" in form.dataset) body.token = token;
  return body;
}

function fill(name, value) {
  for (const place of document.querySelectorAll(`[data-fill="${name}"]`)) place.textContent = value;
}

/**
 * Where to go from here: the path of this server that `next` names, else the start. `//` and `\\` would lead to another server, and
 * browsers leave tabs and line ends out.
 */
function destination() {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])[^\\\u0000-\u0020\u007f]*$/.test(next) ? next : "/";
}

/** Who is signed in, or the form. */
async function whoami() {
  const me = await ask("GET", "/api/v1/auth/me");
  if (!me.ok || !me.body.user) return show("form");
  const here = me.body.workspaces.find((one) => one.id === me.body.workspace);
  fill("name", me.body.user.name);
  fill("email", me.body.user.email);
  fill("workspace", here?.name ?? "");
  fill("role", document.body.dataset[`role${me.body.role}`] ?? me.body.role);
  show("done");
}

const after = {
  async "set-up"(sent) {
    const opened = await ask("POST", "/api/v1/auth/login", { email: sent.email, password: sent.password });
    history.replaceState(null, "", location.pathname + location.search);
    if (opened.ok) location.assign("/");
    else show("done");
  },
  async invite(sent, answer) {
    // Without a password he was signed in already.
    const opened = sent.password
      ? await ask("POST", "/api/v1/auth/login", { email: answer.email, password: sent.password })
      : await ask("GET", "/api/v1/auth/me");
    if (opened.ok) location.assign("/");
    else show("done");
  },
  async reset() {
    history.replaceState(null, "", location.pathname + location.search);
    show("done");
  },
  async ask() {
    show("sent");
  },
  async "sign-in"() {
    location.assign(destination());
  },
  async "sign-out"() {
    show("form");
  },
};

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear(form);
    const button = form.querySelector("[type=submit]");
    const sent = fields(form);
    button.disabled = true;
    const answer = await ask("POST", form.dataset.action, form.dataset.empty === undefined ? sent : undefined);
    button.disabled = false;
    if (answer.ok) {
      form.reset();
      return after[form.dataset.after](sent, answer.body);
    }
    const code = form.querySelector("[data-code]");
    if (code && answer.body.code === "auth.totp_required" && code.hidden) {
      code.hidden = false;
      return code.querySelector("input").focus();
    }
    refuse(form, answer.body);
  });
}

for (const button of document.querySelectorAll("[data-reveal]")) {
  button.addEventListener("click", () => {
    const input = document.getElementById(button.dataset.reveal);
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

/** The link to the other language keeps where one wanted to go, and what stands behind `#`. */
for (const link of document.querySelectorAll("a[hreflang]")) {
  if (destination() !== "/") link.search += `&next=${encodeURIComponent(destination())}`;
  link.hash = location.hash;
}

for (const link of document.querySelectorAll("a[data-next]")) link.href = destination();

async function begin() {
  const page = document.body.dataset.page;
  if (page === "sign-in") return whoami();
  if (page === "reset") return show(token ? "form" : "ask");
  if (!token) return show("no-link");
  if (page !== "invite") return show("form");
  const opens = await ask("POST", "/api/v1/auth/invite", { token });
  if (!opens.ok) {
    fill("problem", opens.body.detail);
    return show("no-link");
  }
  fill("workspace", opens.body.workspace);
  fill("email", opens.body.email);
  fill("role", document.body.dataset[`role${opens.body.role}`] ?? opens.body.role);
  const name = document.getElementById("name");
  name.value = opens.body.name;
  const { account, email } = opens.body;
  // Whoever is signed in with that account need not prove it again.
  const isHere = account && (await ask("GET", "/api/v1/auth/me")).body.user?.email === email;
  for (const part of document.querySelectorAll("[data-new-account]")) part.hidden = account;
  for (const part of document.querySelectorAll("[data-old-account]")) part.hidden = !account || isHere;
  show("form");
}

begin();
