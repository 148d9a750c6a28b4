import type { Page } from "playwright-core";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";

/** The chat on a page, found as a person finds it. */
export const composer = (page: Page) => page.getByRole("textbox", { name: "Your message" });
export const bubbles = (page: Page, who = "") => page.locator(`.message${who} .body`);

export async function texts(page: Page, who = ""): Promise<string[]> {
  return (await bubbles(page, who).allInnerTexts()).map((text) => text.trim());
}

/** Waits until the transcript is exactly this. */
export async function reads(page: Page, expected: string[], who = ""): Promise<void> {
  await eventually(async () => expect(await texts(page, who)).toEqual(expected));
}

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** Opens the menu of the chat and chooses from it. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: /^Menu/ }).press("Enter");
  await page.locator(".menu li").getByRole("button", { name }).press("Enter");
}

/** Evaluates an expression in which `root` is the chat's shadow root. */
export function inside<T>(page: Page, expression: string): Promise<T> {
  return page.evaluate(
    `(() => { const root = document.querySelector("causeway-chat").shadowRoot; return ${expression}; })()`,
  );
}
