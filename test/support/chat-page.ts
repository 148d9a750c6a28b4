import type { Page } from "playwright-core";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";

/** The chat on a page, as a person finds it. */
export const composer = (page: Page) => page.getByRole("textbox", { name: "Your message" });
export const bubbles = (page: Page, who = "") => page.locator(`.message${who} .body`);

export async function texts(page: Page, who = ""): Promise<string[]> {
  return (await bubbles(page, who).allInnerTexts()).map((text) => text.trim());
}

/** Waits until the transcript reads exactly like this. */
export async function reads(page: Page, expected: string[], who = ""): Promise<void> {
  await eventually(async () => expect(await texts(page, who)).toEqual(expected));
}

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** Evaluates an expression in which `root` is the inside of the chat. */
export function inside<T>(page: Page, expression: string): Promise<T> {
  return page.evaluate(
    `(() => { const root = document.querySelector("causeway-chat").shadowRoot; return ${expression}; })()`,
  );
}
