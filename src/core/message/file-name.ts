import { storableText } from "../text/text.ts";

const LONGEST = 120;

/**
 * A file name that is safe to store, show and save under. It is the last part of a path, without control characters.
 * Direction marks are removed, because they let `gpj.exe` look like `exe.jpg`. Null if nothing is left.
 */
export function safeFileName(name: string): string | null {
  const last = storableText(name).split(/[/\\]/).at(-1) ?? "";
  const plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "")
    .replaceAll(/[<>:"|?*]/g, "_")
    .trim()
    .replace(/^\.+/, "");
  if (plain === "") return null;
  if (plain.length <= LONGEST) return plain;
  const [extension = ""] = /\.[A-Za-z0-9]{1,10}$/.exec(plain) ?? [];
  return `${plain.slice(0, LONGEST - extension.length).toWellFormed()}${extension}`;
}
