import { readCode } from "./code-blocks.ts";

/** The start of Slack's notation for people, groups and channels, and the names that notify everybody. */
const PING = /<(?=\\?[@#!])|(?<![A-Za-z0-9/])@(?=(?:channel|here|everyone|group)(?![A-Za-z0-9]))/gi;

/**
 * Markdown that notifies nobody, even if an attacker made a model write a mention. `<!channel>`, `<@U123>`, `<#C123>`
 * and `@here` appear as written. Slack shows an entity as its character and searches it for no mentions. Code stays
 * unchanged: Slack finds no mentions in it, and people copy it.
 */
export function withoutPings(markdown: string): string {
  if (firstPing(markdown) === null) return markdown;
  const { spans, open, closing } = readCode(markdown);
  let safe = "";
  let at = 0;
  for (const [start, end] of spans) {
    safe += defused(markdown.slice(at, start)) + inTicks(markdown.slice(start, end));
    at = end;
  }
  if (open === null || closing === null || firstPing(markdown, open) === null)
    return safe + defused(markdown.slice(at));
  // A block that was never closed is code up to its end. With the closing line every parser reads it so.
  const block = `${markdown.slice(open)}${markdown.endsWith("\n") ? "" : "\n"}${closing}`;
  return safe + defused(markdown.slice(at, open)) + inTicks(block);
}

/** The beginning of unfinished Markdown that `withoutPings` does not change again, whatever text follows. */
export function settled(markdown: string): string {
  if (firstPing(markdown) === null) return markdown;
  const { open } = readCode(markdown);
  const ping = open === null ? null : firstPing(markdown, open);
  return ping === null ? markdown : markdown.slice(0, ping);
}

function firstPing(text: string, from = 0): number | null {
  PING.lastIndex = from;
  const index = PING.exec(text)?.index ?? null;
  PING.lastIndex = 0;
  return index;
}

function defused(prose: string): string {
  let safe = "";
  let at = 0;
  for (const { 0: found, index } of prose.matchAll(PING)) {
    let escapes = index;
    while (found === "<" && escapes > at && prose[escapes - 1] === "\\") escapes--;
    // A backslash that escapes `<` would escape the entity instead.
    const end = (index - escapes) % 2 === 1 ? index - 1 : index;
    safe += prose.slice(at, end) + (found === "<" ? "&lt;" : "&#64;");
    at = index + 1;
  }
  return safe + prose.slice(at);
}

/** Changes a code fence of tildes to backticks, because not every part of Slack may read tildes. */
function inTicks(code: string): string {
  const [, marks = "", tildes] = /^([^\n~`]*)(~{3,})/.exec(code) ?? [];
  if (tildes === undefined) return code;
  const end = code.lastIndexOf("\n") + 1;
  const longest = [...code.matchAll(/`+/g)].reduce((most, { 0: ticks }) => Math.max(most, ticks.length), 2);
  const ticks = "`".repeat(longest + 1);
  const before = code.slice(end, code.indexOf("~", end));
  return `${marks}${ticks}${code.slice(marks.length + tildes.length, end)}${before}${ticks}`;
}
