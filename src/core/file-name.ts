import { storableText } from "./text.ts";

const LONGEST = 120;

/**
 * A file's name as it may be stored, shown and saved under: the last part of a path, without control characters and
 * without the marks that let `gpj.exe` pass for `exe.jpg`. Null where nothing is left.
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
