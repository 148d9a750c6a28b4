// Makes the pictures of the documentation: starts the built service with a scripted coach, and photographs the chat.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const images = here("../../docs/images/");
const work = mkdtempSync(join(tmpdir(), "causeway-screenshots-"));
const PORT = 3987;
const url = `http://127.0.0.1:${PORT}`;

const PLAN = `Here is a **gentle plan** for this week:

1. Put the phone away at *22:00*
2. Dim the lights, and read for ten minutes
3. Keep the same hour on weekends

| Day | Wind down | Lights out |
| --- | :---: | ---: |
| Mon–Fri | 22:00 | 22:45 |
| Sat, Sun | 22:30 | 23:15 |

More in the [sleep guide](https://example.org/sleep). Shall I remind you?`;

const site = createServer((_request, response) => {
  const snippet = `<script type="module" src="${url}/widget/v1/loader.js" data-channel="web"></script>`;
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(readFileSync(here("site.html"), "utf8").replace("SNIPPET", snippet));
});
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const siteUrl = `http://127.0.0.1:${site.address().port}`;

const coach = {
  name: "Wellness coach",
  handoff: { userWords: ["/human"] },
  seedMessage: "Greet the user and ask how they feel today.",
  events: [{ on: "session_ended", do: [{ action: "log" }] }],
  bot: {
    type: "script",
    replies: [
      { match: "sleep", say: PLAN, buttons: [{ label: "Yes, at 22:00" }, { label: "Not now" }] },
      {
        match: "walk",
        say: "Twenty minutes after lunch is a good start.",
        tools: [{ name: "the calendar", delayMs: 60_000 }],
      },
    ],
    sequence: [{ say: "Good to hear from you. How are you sleeping these days?" }],
  },
};
const web = {
  kind: "web",
  agent: "coach",
  greeting: "I am here for **small steps**: sleep, movement, and a calmer day.",
  starters: ["I sleep badly", "Help me walk more", "What can you do?"],
  allowedOrigins: [siteUrl],
};
const simulated = (kind) => ({ kind, agent: "coach", simulate: true });
const phones = {
  telegram: simulated("telegram"),
  slack: simulated("slack"),
  whatsapp: simulated("whatsapp"),
};
writeFileSync(
  join(work, "channels.config.json"),
  JSON.stringify({ workspace: "default", agents: { coach }, channels: { web, ...phones } }),
);

const service = spawn(process.execPath, [here("../../dist/main.js")], {
  env: {
    PATH: process.env.PATH,
    PORT: String(PORT),
    CAUSEWAY_CONFIG: join(work, "channels.config.json"),
    CAUSEWAY_DATA_DIR: join(work, "data"),
  },
  stdio: "inherit",
});

async function ready() {
  for (let tries = 0; tries < 240; tries += 1) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("the service did not start");
}

const composer = (page) => page.getByRole("textbox", { name: "Your message" });

async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

async function open(browser, options, address = `${url}/chat/web`) {
  const context = await browser.newContext({
    viewport: { width: 1080, height: 700 },
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

async function shoot(page, name) {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${images}${name}.png`, animations: "disabled", caret: "hide" });
}

try {
  await ready();
  const browser = await chromium.launch({
    executablePath: ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find((path) =>
      existsSync(path),
    ),
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
  });
  const page = await open(browser, {});
  await say(page, "Good morning!");
  await page.locator(".body", { hasText: "How are you sleeping" }).waitFor();
  await page.getByRole("button", { name: "New chat" }).click();
  await say(page, "I sleep badly. What can I do?");
  await page.getByRole("button", { name: "Not now" }).waitFor();
  await shoot(page, "chat-light");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("dialog").waitFor();
  await shoot(page, "chat-start-over");

  const phone = { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true };
  const dark = await open(browser, { ...phone, colorScheme: "dark" });
  await dark.getByRole("button", { name: "I sleep badly" }).tap();
  await dark.getByRole("button", { name: "Not now" }).waitFor();
  await shoot(dark, "chat-dark");
  const arabic = await open(browser, { ...phone, locale: "ar" });
  await arabic.getByRole("button", { name: "Help me walk more" }).tap();
  await arabic.locator(".typing").waitFor();
  await shoot(arabic, "chat-arabic");

  const shop = await open(browser, {}, siteUrl);
  await shop.getByRole("button", { name: "Chat" }).click();
  await say(shop, "Can you help me walk more?");
  await shop.locator(".typing", { hasText: "calendar" }).waitFor();
  await shoot(shop, "widget");

  const tellUser = (chat, words) =>
    fetch(`${url}/simulator/v1/${chat}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(words),
    });
  await tellUser("telegram/chats/Ada", { text: "I sleep badly" });
  await tellUser("slack/chats/general", { text: "@Causeway I sleep badly", from: "Bela" });
  await tellUser("whatsapp/chats/491701234567", { text: "Good morning!" });
  const wall = await open(browser, { viewport: { width: 1360, height: 820 } }, `${url}/simulator`);
  const frame = wall.frameLocator("iframe");
  await say(frame, "Good morning!");
  await frame.locator(".body", { hasText: "How are you sleeping" }).waitFor();
  for (const name of ["Telegram", "Slack", "WhatsApp"])
    await wall
      .getByRole("region", { name })
      .getByText(/reading|read for ten minutes|sleeping these days/)
      .first()
      .waitFor();
  await shoot(wall, "phones");

  await tellUser("telegram/chats/Jonas", { text: "Can you help me walk more?" });
  await tellUser("whatsapp/chats/447700900123", { text: "Please, I want to talk to a person" });
  await tellUser("whatsapp/chats/447700900123", { text: "/human" });
  const desk = await open(browser, { viewport: { width: 1360, height: 820 } }, `${url}/console`);
  await desk.getByLabel("API key").fill(readFileSync(join(work, "data", "api-key"), "utf8").trim());
  await desk.getByRole("button", { name: "Sign in" }).click();
  await desk.getByText("Waits for a person").waitFor();
  await desk.locator(".row", { hasText: "Ada" }).click();
  await desk.getByRole("button", { name: /^Sent/ }).click();
  await desk.getByText("The bot was called.").waitFor();
  await shoot(desk, "console");
  await browser.close();
} finally {
  service.kill();
  site.closeAllConnections();
  site.close();
  await new Promise((resolve) => service.once("exit", resolve));
  rmSync(work, { recursive: true, force: true });
}
