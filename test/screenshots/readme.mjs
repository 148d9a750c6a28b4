// The pictures of the README.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { open, say, shoot, signIn } from "./browser.mjs";
import { configOf } from "./coach.mjs";
import { startService } from "./service.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const picture = (name) => here(`../../docs/images/${name}.png`);

/** Makes the pictures again, in `docs/images`. */
export async function makeReadmePictures(browser) {
  let chat = "";
  const site = createServer((_request, response) => {
    const snippet = `<script type="module" src="${chat}/widget/v1/loader.js" data-channel="web"></script>`;
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(readFileSync(here("site.html"), "utf8").replace("SNIPPET", snippet));
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const siteUrl = `http://127.0.0.1:${site.address().port}`;
  const service = await startService(configOf(siteUrl));
  chat = service.url;
  try {
    await makeChatPictures(browser, `${service.url}/chat/web`);
    await makeWidgetPicture(browser, siteUrl);
    await makePhonesPicture(browser, service);
    await makeConsolePicture(browser, service);
  } finally {
    await service.stop();
    site.closeAllConnections();
    site.close();
  }
}

async function makeChatPictures(browser, address) {
  const page = await open(browser, address);
  await say(page, "Good morning!");
  await page.locator(".body", { hasText: "How are you sleeping" }).waitFor();
  await page.getByRole("button", { name: "New chat" }).click();
  await say(page, "I sleep badly. What can I do?");
  await page.getByRole("button", { name: "Not now" }).waitFor();
  await shoot(page, picture("chat-light"));
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("dialog").waitFor();
  await shoot(page, picture("chat-start-over"));

  const phone = { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true };
  const dark = await open(browser, address, { ...phone, colorScheme: "dark" });
  await dark.getByRole("button", { name: "I sleep badly" }).tap();
  await dark.getByRole("button", { name: "Not now" }).waitFor();
  await shoot(dark, picture("chat-dark"));
  const arabic = await open(browser, address, { ...phone, locale: "ar" });
  await arabic.getByRole("button", { name: "Help me walk more" }).tap();
  await arabic.locator(".typing").waitFor();
  await shoot(arabic, picture("chat-arabic"));
}

async function makeWidgetPicture(browser, siteUrl) {
  const shop = await open(browser, siteUrl);
  await shop.getByRole("button", { name: "Chat" }).click();
  await say(shop, "Can you help me walk more?");
  await shop.locator(".typing", { hasText: "calendar" }).waitFor();
  await shoot(shop, picture("widget"));
}

async function makePhonesPicture(browser, { url, simulator }) {
  await simulator("POST", "/telegram/chats/Ada/messages", { text: "I sleep badly" });
  await simulator("POST", "/slack/chats/general/messages", { text: "@Causeway I sleep badly", from: "Bela" });
  await simulator("POST", "/whatsapp/chats/491701234567/messages", { text: "Good morning!" });
  const wall = await open(browser, `${url}/simulator`, { viewport: { width: 1360, height: 820 } });
  const frame = wall.frameLocator("iframe");
  await say(frame, "Good morning!");
  await frame.locator(".body", { hasText: "How are you sleeping" }).waitFor();
  for (const name of ["Telegram", "Slack", "WhatsApp"])
    await wall
      .getByRole("region", { name })
      .getByText(/reading|read for ten minutes|sleeping these days/)
      .first()
      .waitFor();
  await shoot(wall, picture("phones"));
}

async function makeConsolePicture(browser, { url, key, simulator }) {
  await simulator("POST", "/telegram/chats/Jonas/messages", { text: "Can you help me walk more?" });
  const stranger = "/whatsapp/chats/447700900123/messages";
  await simulator("POST", stranger, { text: "Please, I want to talk to a person" });
  await simulator("POST", stranger, { text: "/human" });
  const desk = await open(browser, `${url}/console`, { viewport: { width: 1360, height: 820 } });
  await signIn(desk, key);
  await desk.getByText("Waits for a person").waitFor();
  await desk.locator(".row", { hasText: "Ada" }).click();
  await desk.getByRole("button", { name: /^Sent/ }).click();
  await desk.getByText("The bot was called.").waitFor();
  await shoot(desk, picture("console"));
}
