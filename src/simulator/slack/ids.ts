import { numberFor } from "../invented.ts";

/** A conversation's id: as written, of a channel's name, or of the direct conversation with a person. */
export function conversationId(chat: string): string {
  if (/^[CDG][A-Z0-9]{2,}$/.test(chat)) return chat;
  if (/^U[A-Z0-9]{2,}$/.test(chat)) return `D${chat.slice(1)}`;
  if (/^#|^(general|random)$/i.test(chat)) return `C0${idPart(chat.replace(/^#/, ""))}`;
  return `D0${idPart(chat)}`;
}

/** A person's id: as written, or the same one for the same name. */
export function personId(name: string): string {
  return /^U[A-Z0-9]{2,}$/.test(name) ? name : `U0${idPart(name)}`;
}

function idPart(name: string): string {
  const letters = name.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return letters.length >= 2 && letters.length === name.length
    ? letters.padEnd(8, "0")
    : String(numberFor(name, 10_000_000, 89_999_999));
}
