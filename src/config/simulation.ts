import { createHmac, randomBytes } from "node:crypto";
import type { ConfigProblem } from "../core/faults/errors.ts";
import { isPublicHost } from "../core/network/private-addresses.ts";
import type { Settings } from "./settings.ts";

/** The settings about simulated channels. */
export interface Simulation {
  /** Kinds whose channels are all simulated, whatever the file says. */
  kinds: readonly string[];
  /** The reason why no channel may be simulated; null: channels may. */
  refusal: Pick<ConfigProblem, "problem" | "fix"> | null;
}

export function simulationOf({ simulate, publicUrl, role }: Settings): Simulation {
  if (isPublicHost(new URL(publicUrl.url))) {
    const problem = "cannot be simulated, because CAUSEWAY_PUBLIC_URL is a public address";
    return { kinds: simulate, refusal: { problem, fix: `remove it, ${OR_PRIVATE}` } };
  }
  if (role !== "all") {
    const problem = `cannot be simulated, because CAUSEWAY_ROLE is ${role}, and the simulator lives in one process`;
    return { kinds: simulate, refusal: { problem, fix: "remove it, or set CAUSEWAY_ROLE to all" } };
  }
  return { kinds: simulate, refusal: null };
}

const OR_PRIVATE = "or set CAUSEWAY_PUBLIC_URL to an address of this machine or of a private network";

/** Made-up secrets are other ones in each process, and the same ones after a reload. */
const SEED = randomBytes(32);

/** A made-up secret of 64 hexadecimal digits. */
export function madeUpSecret(channel: string, what: string): string {
  return createHmac("sha256", SEED).update(`${channel}/${what}`).digest("hex");
}
