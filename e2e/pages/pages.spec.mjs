// The account pages, as people meet them: set-up, sign-in, invitation, acceptance, a forgotten password.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { expect, shot, test, text } from "./browser.mjs";

const { ADDRESS, BINARY, DATA, SET_UP, SPOKEN } = process.env;

const OWNER = { name: "Zoé Martin", email: "zoe@example.org", password: "quartz lagoon 47 teapots" };
const GUEST = { name: "Ánh Dương", email: "anh@example.org", password: "violet harbour 19 spoons" };
const FRESH = "copper meadow 83 lanterns";

const button = (page, name) => page.getByRole("button", { name: text(name), exact: true });
const title = (page, name) => expect(page.getByRole("heading", { level: 1 })).toHaveText(text(name));
/** Of two fields with one label, a page shows one. */
const field = (page, name) => page.getByLabel(text(name), { exact: true }).filter({ visible: true });
const fact = (page, name) => page.locator(`[data-state=done] [data-fill=${name}]`);

/** Signs in, and stays on the page: `next` leads back to it. */
async function signIn(page, person, password = person.password) {
  await page.goto("/sign-in?next=/sign-in");
  await field(page, "email").fill(person.email);
  await field(page, "password").fill(password);
  // As most people do it.
  await field(page, "password").press("Enter");
}

/** A page led to the start; who is signed in stands at `/sign-in`. */
async function arrived(page) {
  await page.waitForURL("/");
  await page.goto("/sign-in");
  await title(page, "signed_in");
}

/** Asks the API as the page itself would, with the browser's cookie. */
function api(page, path, body) {
  return page.evaluate(
    async ([path, body]) => {
      const headers = body && { "content-type": "application/json" };
      const answer = await fetch(`/api/v1${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [path, body],
  );
}

/** Links name the server as it was configured; what stands behind `#` counts. */
const secret = (link) => link.trim().split("#")[1];

async function invite(page, workspace, role) {
  const made = await api(page, `/workspaces/${workspace}/invitations`, { email: GUEST.email, role });
  return `/invite#${secret(made.link)}`;
}

/** With a console that stands at `/`, and has tests of its own. */
const hasConsole = async (page) => (await page.locator("#console").count()) > 0;

test("the start page leads to the first account, and the set-up page says how to get its link", async ({ page }) => {
  await page.goto("/");
  test.skip(await hasConsole(page), "the console stands at /");
  await shot(page, "01-start");
  await page.getByRole("link", { name: text("set_up") }).click();
  await title(page, "set_up");
  await expect(button(page, "set_up_button")).toBeHidden();
  await shot(page, "02-set-up-without-link");
});

test("the first account is made, and a weak password is refused beside its field", async ({ page }) => {
  await page.goto(`/set-up#${SET_UP}`);
  await title(page, "set_up");
  await expect(field(page, "name"), "typing can begin").toBeFocused();
  await shot(page, "03-set-up");
  await field(page, "name").fill(OWNER.name);
  await field(page, "email").fill(OWNER.email);
  await field(page, "password").fill("password");
  await button(page, "set_up_button").click();
  await expect(page.locator("#password-error")).not.toBeEmpty();
  await expect(field(page, "password")).toBeFocused();
  await expect(field(page, "password")).toHaveAttribute("aria-invalid", "true");
  await shot(page, "04-set-up-refused");
  await field(page, "password").fill(OWNER.password);
  await button(page, "show").click();
  await expect(field(page, "password")).toHaveAttribute("type", "text");
  await button(page, "set_up_button").click();
  await arrived(page);
  await expect(fact(page, "name")).toHaveText(OWNER.name);
  await expect(fact(page, "role")).toHaveText(text("role_owner"));
  await shot(page, "05-signed-in");

  await page.goto("/");
  if (await hasConsole(page)) return;
  await expect(page.getByRole("link", { name: text("set_up") })).toHaveCount(0);
  await expect(page.getByRole("link", { name: text("sign_in") })).toBeVisible();
});

test("signing in, out, and failing to", async ({ page }) => {
  await signIn(page, OWNER, "not the password");
  await expect(page.locator("[data-state=form] .status")).not.toBeEmpty();
  await shot(page, "06-sign-in-refused");
  await signIn(page, OWNER);
  await title(page, "signed_in");
  await button(page, "sign_out").click();
  await title(page, "sign_in");
  await page.reload();
  await title(page, "sign_in");
  await shot(page, "07-sign-in");
});

test("after signing in one is where one wanted to go, on this server alone", async ({ page }) => {
  const destinations = [
    ["/docs/?a=b%26c", "/docs/?a=b%26c"],
    ["", "/"],
    ["//elsewhere.example/", "/"],
    ["/\\elsewhere.example/", "/"],
    ["/\t/elsewhere.example/", "/"],
    ["https://elsewhere.example/", "/"],
    ["javascript:alert(1)", "/"],
    ["docs/", "/"],
  ];
  // Signing in is bounded by the minute: two of them are enough to see where it leads.
  for (const [next, arrives] of [destinations[0], destinations[2]]) {
    await page.context().clearCookies();
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await field(page, "email").fill(OWNER.email);
    await field(page, "password").fill(OWNER.password);
    await field(page, "password").press("Enter");
    await page.waitForURL(arrives);
  }
  // Whoever is signed in already finds the way there by a link.
  for (const [next, arrives] of destinations) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await expect(page.locator("[data-state=done] a[data-next]"), next).toHaveAttribute("href", arrives);
  }
  await page.goto("/sign-in?next=/docs/");
  await page.locator("a[hreflang]").click();
  await expect(page.locator("[data-state=done] a[data-next]"), "also in the other language").toHaveAttribute("href", "/docs/");
});

test("a guest accepts an invitation, and another one with the account that is there", async ({ page, another }) => {
  await signIn(page, OWNER);
  await title(page, "signed_in");
  const me = await api(page, "/auth/me");
  const link = await invite(page, me.workspace, "member");

  const guest = await another();
  await guest.goto(link);
  await title(guest, "invite");
  await expect(guest.locator("[data-state=form] [data-fill=role]")).toHaveText(text("role_member"));
  await shot(guest, "08-invited");
  await field(guest, "name").fill(GUEST.name);
  await field(guest, "password").fill(GUEST.password);
  await button(guest, "invite_button").click();
  await arrived(guest);
  await expect(fact(guest, "email")).toHaveText(GUEST.email);
  await shot(guest, "09-accepted");
  await guest.goto("about:blank");
  await guest.goto(link);
  await title(guest, "invite_over");
  await shot(guest, "10-invitation-used");

  const second = await api(page, "/workspaces", { name: "Atelier du Nord" });
  const again = await invite(page, second.id, "operator");
  await guest.goto("about:blank");
  await guest.goto(again);
  await title(guest, "invite");
  await expect(field(guest, "name"), "he has a name").toHaveCount(0);
  await expect(field(guest, "password"), "he is signed in").toHaveCount(0);

  const elsewhere = await another();
  await elsewhere.goto(again);
  await title(elsewhere, "invite");
  await expect(field(elsewhere, "name")).toHaveCount(0);
  await expect(field(elsewhere, "password"), "typing can begin").toBeFocused();
  await shot(elsewhere, "11-invited-with-account");
  await field(elsewhere, "password").fill("not the password");
  await button(elsewhere, "invite_button").click();
  await expect(elsewhere.locator("[data-state=form] :is(.status, .error)").filter({ hasText: /\S/ }).first()).toBeVisible();

  await button(guest, "invite_button").click();
  await arrived(guest);
  const workspaces = (await api(guest, "/auth/me")).workspaces.map((one) => one.name);
  expect(workspaces).toContain("Atelier du Nord");
});

test("a forgotten password is set anew by a link", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: text("forgotten") }).click();
  await title(page, "reset_ask");
  await shot(page, "12-forgotten");
  await field(page, "email").fill(GUEST.email);
  await button(page, "reset_ask_button").click();
  await title(page, "reset_sent");
  await shot(page, "13-link-sent");

  // No mail goes out here: the operator's command gives the same link.
  const environment = { PATH: process.env.PATH, LC_ALL: SPOKEN === "fr" ? "fr_FR.UTF-8" : "C" };
  const command = ["user", "link", "--email", GUEST.email, "--data", DATA, "--listen", new URL(ADDRESS).host];
  const link = execFileSync(BINARY, command, { env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  expect(link.startsWith(`${ADDRESS}/reset#`), link).toBe(true);
  await page.goto("about:blank");
  await page.goto(link.trim());
  await title(page, "reset");
  await shot(page, "14-new-password");
  await field(page, "new_password").fill(FRESH);
  await field(page, "new_password").press("Enter");
  await title(page, "reset_done");
  await shot(page, "15-password-set");

  await signIn(page, GUEST);
  await expect(page.locator("[data-state=form] .status")).not.toBeEmpty();
  await signIn(page, GUEST, FRESH);
  await title(page, "signed_in");
  await page.goto("about:blank");
  await page.goto(link.trim());
  await title(page, "reset");
  await field(page, "new_password").fill(GUEST.password);
  await button(page, "reset_button").click();
  await expect(page.locator("[data-state=form] .status"), "the link was good once").not.toBeEmpty();
  await shot(page, "16-link-used");
  await page.getByRole("link", { name: text("reset_again") }).click();
  await title(page, "reset_ask");
});

test("the other language is one click away, and the link's secret stays", async ({ page }) => {
  await page.goto("/reset#reset_anything");
  const other = SPOKEN === "fr" ? "en" : "fr";
  await page.locator(`a[hreflang=${other}]`).click();
  await expect(page.locator("html")).toHaveAttribute("lang", other);
  expect(new URL(page.url()).hash).toBe("#reset_anything");
});

test("on a telephone, at night", async ({ another }) => {
  const page = await another({ colorScheme: "dark", viewport: { width: 320, height: 640 } });
  await page.goto("/");
  if (!(await hasConsole(page))) await shot(page, "17-start-dark-narrow");
  await signIn(page, OWNER, "not the password");
  await expect(page.locator("[data-state=form] .status")).not.toBeEmpty();
  await shot(page, "18-sign-in-dark-narrow");
  await page.goto("/reset#reset_anything");
  await title(page, "reset");
  await shot(page, "19-new-password-dark-narrow");
  await signIn(page, OWNER);
  await title(page, "signed_in");
  await shot(page, "20-signed-in-dark-narrow");
});

/** The code of an authenticator (RFC 6238), `later` steps of 30 seconds from now. */
function code(secret, later) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", key).update(step).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("whoever has a second factor is asked for its code", async ({ page }) => {
  await signIn(page, OWNER);
  await title(page, "signed_in");
  const { secret } = await api(page, "/auth/totp", { password: OWNER.password });
  await api(page, "/auth/totp/confirm", { code: code(secret, 0) });
  await button(page, "sign_out").click();
  await title(page, "sign_in");

  await signIn(page, OWNER);
  await expect(field(page, "code"), "typing can begin").toBeFocused();
  await shot(page, "21-second-factor");
  await field(page, "code").fill("000000");
  await button(page, "sign_in_button").click();
  await expect(page.locator("[data-state=form] :is(.status, .error)").filter({ hasText: /\S/ }).first()).toBeVisible();
  await shot(page, "22-second-factor-refused");
  // That of now was used, and each is good once; the next one is taken already.
  await field(page, "code").fill(code(secret, 1));
  await field(page, "code").press("Enter");
  await title(page, "signed_in");
});

test("without scripts the page says what is missing", async ({ another }) => {
  const page = await another({ javaScriptEnabled: false });
  await page.goto("/sign-in");
  // By its place: looking for a text passes over this element.
  const notice = page.locator("noscript p");
  await expect(notice).toHaveText(text("needs_script"));
  await expect(notice).toBeVisible();
});
