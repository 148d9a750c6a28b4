export const PLATFORMS = ["telegram", "slack", "whatsapp", "sms"] as const;
export type PlatformName = (typeof PLATFORMS)[number];

/** A message as the control API describes it. */
export interface Message {
  id: string;
  from: "user" | "bot";
  text: string;
  markdown?: string;
  buttons?: string[];
  form?: string;
  edited?: true;
  reaction?: string;
  name?: string;
  thread?: string;
  title?: string;
  cards?: { title: string; status: string }[];
  reply_to?: string;
  file?: { name: string; content_type: string; url: string };
  streaming?: true;
  receipt?: string;
  via?: "sms" | "rcs";
  segments?: number;
  at: string;
}

export interface Chat {
  id: string;
  title: string;
  kind: "private" | "group";
  owner?: { id: string; name: string };
  messages: Message[];
  blocked: boolean;
  typing: string | null;
  draft: string | null;
  actions?: string[];
}

export interface Bot {
  platform: PlatformName;
  name: string;
  chats: Chat[];
}

export interface Fault {
  id: number;
  platform: PlatformName;
  fault: string;
  times: number | null;
  seconds: number | null;
}

export interface State {
  now: string;
  ahead_seconds: number;
  faults: Fault[];
  bots: Bot[];
  /** Paths of web chats of the same service. */
  web_chats: string[];
}

export interface WireEntry {
  id: number;
  at: string;
  platform: PlatformName;
  direction: "call" | "event";
  name: string;
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  answer: { status: number; headers: Record<string, string>; body: string } | null;
  trouble: string | null;
  milliseconds: number;
}

const ROOT = "/simulator/v1";

/** Calls the control API. Rejects with the words of a refusal. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${ROOT}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as T;
  throw new Error((answer as { error?: { message?: string } }).error?.message ?? `HTTP ${response.status}`);
}

export const chatPath = (platform: PlatformName, chat: string) =>
  `/${platform}/chats/${encodeURIComponent(chat)}`;
