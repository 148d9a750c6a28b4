/** The meaning of a member's words in a thread. */
export type DeskWords =
  | { kind: "inside" }
  | { kind: "take" }
  | { kind: "release"; resume: "next" | "now" }
  | { kind: "reply"; text: string };

const COMMANDS: ReadonlyMap<string, DeskWords> = new Map<string, DeskWords>([
  ["!take", { kind: "take" }],
  ["!release", { kind: "release", resume: "next" }],
  ["!release now", { kind: "release", resume: "now" }],
]);

/** Reads a member's words. A command is a whole message. Words behind `//` are for other members. */
export function readDeskWords(written: string): DeskWords {
  const text = written.trim();
  if (text.startsWith("//")) return { kind: "inside" };
  return COMMANDS.get(text.toLowerCase().replace(/\s+/g, " ")) ?? { kind: "reply", text };
}
