import { createHash } from "node:crypto";

/** A number in a range, the same one for the same text. */
export function numberFor(text: string, from: number, range: number): number {
  return from + (createHash("sha256").update(text).digest().readUInt32BE(0) % range);
}

/** A secret of hexadecimal digits, the same one for the same texts. It protects nothing: the simulator is local. */
export function secretFor(...parts: readonly string[]): string {
  return createHash("sha256")
    .update(["simulated", ...parts].join("/"))
    .digest("hex");
}
