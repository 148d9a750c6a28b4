import type { UnsentBytes } from "../../attachments/upload-repository.ts";
import type { Capacity } from "../../core/process/admission-limit.ts";
import type { BodyRoomSizes } from "../bodies/bodies.ts";
import type { AddressRates } from "../web/web-limits.ts";
import type { RateLimitSettings } from "./rate-limit.ts";

/**
 * Maximum amounts that one process holds in memory for others. Beyond them callers and platforms get a 503 with
 * `Retry-After`, before anything is accepted. Accepted data is already on its way to the database. Tests use smaller
 * values.
 */
export interface Bounds {
  /** Messages on their way into the database, of all channels together: about four seconds of its throughput. */
  messages: Capacity;
  /** Bodies of requests, from reading until the answer, bytes. */
  bodies: BodyRoomSizes;
  /** Maximum number of open connections; fewer if the system allows the process fewer open files. */
  connections: number;
  /** Maximum number of open streams and sockets. The other connections remain for webhooks and other requests. */
  streams: number;
  /** Maximum number of files read over HTTP at the same time, each with an open file and a connection. */
  downloads: number;
  /** Files that visitors and keys upload and do not send, bytes. They are deleted after a day. */
  unsentUploads: UnsentBytes;
  /**
   * Requests that may wait for a database connection before further requests are refused. Visitors get half as many
   * places. Platforms have their own connections.
   */
  waitingForDatabase: number;
  /** Rates for the callers of one network address. */
  addressRates: AddressRates & { wrongKeys: RateLimitSettings };
}

const MIB = 1024 * 1024;

/** @param descriptors maximum number of open files and sockets of the process; null: unlimited. */
export function boundsFor(descriptors: number | null): Bounds {
  const open = descriptors ?? Number.POSITIVE_INFINITY;
  const connections = Math.min(20_000, Math.floor(open * 0.75));
  return {
    messages: { count: 10_000, bytes: 128 * MIB },
    bodies: { unproven: 32 * MIB, visitor: 128 * MIB, known: 128 * MIB },
    // The rest is for the database, files, and outgoing calls.
    connections,
    streams: Math.floor((connections * 2) / 3),
    unsentUploads: { perVisitor: 100 * MIB, perAddress: 500 * MIB, perKey: 2_048 * MIB },
    downloads: Math.min(2_000, Math.floor(open * 0.1)),
    waitingForDatabase: 2_000,
    addressRates: {
      visitors: { burst: 300, perMinute: 300 },
      sessions: { burst: 300, perMinute: 300 },
      messages: { burst: 600, perMinute: 1_200 },
      // A person with a typing error may retry often, but guessing secrets does not get far.
      wrongTokens: { burst: 300, perMinute: 300 },
      wrongKeys: { burst: 100, perMinute: 60 },
    },
  };
}
