import { nameLine } from "../../../core/message/name-line.ts";
import type { Person } from "../../../handoffs/handoff.ts";
import type { Caller } from "../route/route.ts";

/** The key identifies a person who answers over the API or in the console. The person may give another name. */
export function personOf({ keyId, consoleId }: Caller, name?: string): Person {
  const via = consoleId === null ? "api" : "console";
  return { id: keyId, name: name === undefined ? null : nameLine(name) || null, via };
}
