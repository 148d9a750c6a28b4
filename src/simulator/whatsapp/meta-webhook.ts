import { createHmac } from "node:crypto";
import { secretFor } from "../invented.ts";
import { withEventFaults } from "../wire/event-order.ts";
import { createOrder } from "../wire/in-order.ts";
import { isSuccess, postEvent } from "../wire/post-event.ts";
import type { World } from "../world.ts";
import type { MetaAccount } from "./meta.ts";

export interface MetaEvent {
  chat: string;
  name: string;
  value: object;
}

export interface MetaWebhookDeps {
  world: World;
  account: Pick<MetaAccount, "name" | "appSecret" | "verifyToken">;
  /** The URL that gets events; null: none. */
  url(): string | null;
  /** The number to which the events belong. */
  metadata: object;
}

const PATIENCE_MS = 10_000;
const MOST_REPEATS = 12;

/** Posts events to the webhook: signed, in the order of each chat, after a check of the URL, and again after a failure. */
export function createMetaWebhook({ world, account, url: currentUrl, metadata }: MetaWebhookDeps) {
  const { appSecret, verifyToken } = account;
  /** The URL that has answered Meta's check. */
  let verified: string | null = null;
  const inOrder = createOrder();
  const post = withEventFaults(world, "whatsapp", (event: MetaEvent) => {
    const url = currentUrl();
    if (url === null) return;
    const { body, headers } = signed(event.value);
    const attempt = async () => {
      if (verified !== url && !(await verify(url))) return false;
      const timeoutMs = PATIENCE_MS;
      return isSuccess(
        await postEvent(world, { platform: "whatsapp", name: event.name, url, headers, body, timeoutMs }),
      );
    };
    inOrder(event.chat, async () => {
      if (!(await attempt())) void repeat(attempt);
    });
  });

  /** Meta repeats an event that was not taken, with growing pauses. */
  async function repeat(attempt: () => Promise<boolean>): Promise<void> {
    for (let failures = 0; failures < MOST_REPEATS && !world.ended.aborted; failures++) {
      await new Promise<void>((resolve) => world.after(Math.min(60, 2 ** failures) * 1000, resolve));
      if (await attempt()) return;
    }
  }

  function signed(value: object): { body: string; headers: Record<string, string> } {
    const change = { field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } };
    const entry = [{ id: "102290129340398", changes: [change] }];
    const body = JSON.stringify({ object: "whatsapp_business_account", entry });
    const hash = createHmac("sha256", appSecret).update(body).digest("hex");
    return {
      body,
      headers: {
        "content-type": "application/json",
        "user-agent": "facebookexternalua",
        "x-hub-signature-256": `sha256=${hash}`,
      },
    };
  }

  /** Meta checks a webhook before it posts there: the answer must repeat the challenge. */
  async function verify(url: string): Promise<boolean> {
    const challenge = String(Number.parseInt(secretFor("challenge", account.name).slice(0, 8), 16));
    const query = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.verify_token": verifyToken,
      "hub.challenge": challenge,
    });
    const asked = {
      platform: "whatsapp" as const,
      name: "verify webhook",
      method: "GET" as const,
      headers: {},
      body: "",
    };
    const answer = await postEvent(world, { ...asked, url: `${url}?${query}`, timeoutMs: PATIENCE_MS });
    if (isSuccess(answer) && answer.body === challenge) verified = url;
    return verified === url;
  }

  return post;
}
