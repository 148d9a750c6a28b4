// The browser that makes the pictures.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const BROWSERS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

export function startBrowser() {
  return chromium.launch({
    executablePath: BROWSERS.find((path) => existsSync(path)),
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
  });
}

/** Opens an address in a context of its own. */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1080, height: 700 },
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

export async function shoot(page, path, options = {}) {
  await page.mouse.move(0, 0);
  await page.screenshot({ path, animations: "disabled", caret: "hide", ...options });
}

/** Says something in a web chat. */
export async function say(page, text) {
  const composer = page.getByRole("textbox", { name: "Your message" });
  await composer.fill(text);
  await composer.press("Enter");
}

/** Signs in at the console. */
export async function signIn(page, key) {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Console" }).waitFor();
}
