import type { Received } from "../channel.ts";
import { verify } from "./verify.ts";

/** Messages come in over the API's own routes; a webhook request is refused unread. */
export async function readWebhook(): Promise<Received> {
  return verify();
}
