import type { PlatformName } from "../connection.ts";

/** Faults of calls: the bot calls, and the platform fails. */
const CALL_FAULTS = ["rate_limit", "error_500", "hang", "cut", "drop", "revoke_token", "answer"] as const;
/** Faults of events: the platform calls the bot too often, in another order, or late. */
const EVENT_FAULTS = ["duplicate", "reorder", "late"] as const;
export const FAULTS = [...CALL_FAULTS, ...EVENT_FAULTS, "block_user"] as const;

export type FaultName = (typeof FAULTS)[number];
type EventFault = (typeof EVENT_FAULTS)[number];

/** An answer in place of the platform's own, such as an error that is hard to cause. */
export interface ScriptedAnswer {
  status: number;
  headers?: Record<string, string> | undefined;
  /** An object is sent as JSON. */
  body: object | string;
}

export interface FaultRequest {
  platform: PlatformName;
  fault: FaultName;
  times?: number | undefined;
  seconds?: number | undefined;
  /** The only chat that has the fault; absent: every chat. */
  chat?: string | undefined;
  /** The only call that has the fault, such as `sendMessage`; absent: every call. */
  call?: string | undefined;
  /** Only for the fault `answer`. */
  answer?: ScriptedAnswer | undefined;
}

/** A fault that is switched on. */
export interface Fault {
  id: number;
  platform: PlatformName;
  fault: FaultName;
  /** Remaining number of times. Null: until its end. */
  times: number | null;
  /** The number of its request: a length, a delay or a pause. */
  seconds: number | null;
  /** Its end by the real clock, milliseconds; null: none. */
  until: number | null;
  chat: string | null;
  call: string | null;
  answer: ScriptedAnswer | null;
}

export interface Faults {
  add(request: FaultRequest): Fault;
  list(): Fault[];
  clear(): void;
  /**
   * Uses up a fault for a call. A fault with a number of times meets only calls that send something, unless it names its
   * call.
   */
  ofCall(platform: PlatformName, call: { name: string; sends: boolean }): Fault | null;
  /** Uses up a fault of this name for an event. */
  ofEvent(platform: PlatformName, fault: EventFault, chat: string): Fault | null;
  /** True if the user of a chat blocks the bot. Counts as one of the fault's times. */
  blocks(platform: PlatformName, chat: string): boolean;
}

const MOST = 100;

/** The faults that are switched on, oldest first. Each lasts for a number of times or of seconds. */
export function createFaults(changed: () => void, now: () => number = Date.now): Faults {
  let active: Fault[] = [];
  let lastId = 0;

  function current(): Fault[] {
    active = active.filter(({ times, until }) => times !== 0 && (until === null || until > now()));
    return active;
  }

  function use(found: Fault | undefined): Fault | null {
    if (found === undefined) return null;
    if (found.times !== null) found.times -= 1;
    changed();
    return found;
  }

  return {
    add({ platform, fault, times, seconds = null, chat = null, call = null, answer = null }) {
      const fault_ = { id: ++lastId, platform, fault, seconds, chat, call, answer };
      const added = { ...fault_, ...lengthOf(fault, times, seconds, now()) };
      active = [...current(), added].slice(-MOST);
      changed();
      return added;
    },
    list: () => [...current()],
    clear() {
      active = [];
      changed();
    },
    ofCall(platform, { name, sends }) {
      const meets = ({ fault, times, call }: Fault) =>
        CALL_FAULTS.some((each) => each === fault) &&
        (call === null ? sends || times === null : call.toLowerCase() === name.toLowerCase());
      return use(current().find((each) => each.platform === platform && meets(each)));
    },
    ofEvent(platform, fault, chat) {
      return use(current().find((each) => each.fault === fault && isOf(each, platform, chat)));
    },
    blocks(platform, chat) {
      return (
        use(current().find((each) => each.fault === "block_user" && isOf(each, platform, chat))) !== null
      );
    },
  };
}

function isOf(fault: Fault, platform: PlatformName, chat: string): boolean {
  return fault.platform === platform && (fault.chat === null || fault.chat === chat);
}

/** `seconds` is the length of some faults. For others it is a delay, and they happen once by default. */
function lengthOf(
  fault: FaultName,
  times: number | undefined,
  seconds: number | null,
  now: number,
): Pick<Fault, "times" | "until"> {
  if (times !== undefined) return { times, until: null };
  const isDelay = ["hang", ...EVENT_FAULTS].includes(fault);
  if (!isDelay && seconds !== null) return { times: null, until: now + seconds * 1000 };
  return { times: ["block_user", "revoke_token"].includes(fault) ? null : 1, until: null };
}
