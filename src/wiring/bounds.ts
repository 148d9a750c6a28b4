import type { RoomSize } from "../core/room.ts";

/**
 * What one process holds in memory for others at most. Beyond it callers and platforms get a 503 with `Retry-After`,
 * before anything is accepted; what was accepted is on its way to the database. Tests narrow them.
 */
export interface Bounds {
  /** Messages on their way into the database: about two seconds' worth of what it takes. */
  messages: RoomSize;
  /** Bodies of requests, while they are read and until they are answered; counted as pieces, as they arrive. */
  bodies: RoomSize;
  /** How many may wait for a connection to the database before no further request begins. */
  waitingForDatabase: number;
}

const MIB = 1024 * 1024;

export const BOUNDS: Bounds = {
  messages: { count: 5_000, bytes: 64 * MIB },
  bodies: { count: 100_000, bytes: 256 * MIB },
  waitingForDatabase: 2_000,
};
