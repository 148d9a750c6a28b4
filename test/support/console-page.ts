import type { Page } from "playwright-core";
import { expect } from "vitest";
import { accessibilityFaults } from "./accessibility.ts";

/** Signs in on the console's page, and waits for its first screen. */
export async function signInOn(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).press("Enter");
  await page.getByRole("navigation", { name: "Console" }).waitFor();
}

/** Expects no accessibility fault in light and dark, and nothing wider than the narrowest screen. */
export async function isSound(page: Page, state: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect([state, colorScheme, await accessibilityFaults(page)]).toEqual([state, colorScheme, []]);
  }
  const size = page.viewportSize() ?? { width: 1000, height: 720 };
  await page.setViewportSize({ width: 320, height: 640 });
  const scrolls = await page.evaluate<string[]>(
    `[document.documentElement, ...document.querySelectorAll("main, .page, .pane, .rows")]
       .filter((node) => node.scrollWidth > node.clientWidth).map((node) => node.className || node.localName)`,
  );
  expect([state, scrolls]).toEqual([state, []]);
  await page.setViewportSize(size);
}
