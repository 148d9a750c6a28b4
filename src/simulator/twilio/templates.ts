import type { Choice } from "../line/line.ts";

/** A template of the Content API. */
export interface Template {
  sid: string;
  body: string;
  choices: Choice[];
}

/** The values for a template; null if they cannot be read. */
export function readVariables(given: unknown): Record<string, string> | null {
  if (given === undefined || given === "") return {};
  try {
    const read: unknown = JSON.parse(String(given));
    return typeof read === "object" && read !== null
      ? Object.fromEntries(Object.entries(read).map(([name, value]) => [name, String(value)]))
      : null;
  } catch {
    return null;
  }
}

/** The body and the choices of a template that a call creates (Twilio, "Content API"). */
export function readTemplate(sid: string, payload: Record<string, unknown>): Template {
  const types = Object.values(Object(payload.types)) as Record<string, unknown>[];
  const body = String(types.find((type) => typeof type.body === "string")?.body ?? "");
  const choices = types.flatMap(({ actions, items, button_text: flow, flow_token: id }): Choice[] => [
    ...listOf(actions).map(({ id, title }) => ({
      id: String(id ?? title),
      title: String(title),
      kind: "button" as const,
    })),
    ...listOf(items).map(({ id, item }) => ({ id: String(id), title: String(item), kind: "list" as const })),
    ...(typeof flow === "string" ? [{ id: String(id ?? ""), title: flow, kind: "flow" as const }] : []),
  ]);
  return { sid, body, choices };
}

const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : []);
