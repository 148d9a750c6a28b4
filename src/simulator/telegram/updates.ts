import { withEventFaults } from "../wire/event-order.ts";
import { canBeCalled, isSuccess, postEvent } from "../wire/post-event.ts";
import type { World } from "../world.ts";
import { badRequest, type Outcome, ok, refuse } from "./answers.ts";
import type { Bot, Chat, Update } from "./bot.ts";
import type { Parameters } from "./content.ts";

/** Kinds of updates that a bot gets only if it asks for them. */
const ON_REQUEST = ["chat_member", "message_reaction", "message_reaction_count"];
const MOST_PENDING = 1_000;
const MOST_POLL_SECONDS = 50;
/** Telegram waits this long for the answer of a webhook. */
const WEBHOOK_MS = 60_000;

/** Sends a bot its updates: to its webhook, in order for each chat, or as answers of `getUpdates`. */
export function createUpdates(
  world: World,
  bot: Bot,
  /** Carries out the method in a webhook's answer. */
  carryOut: (method: string, payload: Parameters) => void,
) {
  const posting = new Set<string>();
  const waiting = new Set<() => void>();
  let endOtherPoll: (() => void) | null = null;

  const enqueue = withEventFaults(world, "telegram", (event: { update: Update; chat: string }) => {
    bot.pending = [...bot.pending, event].slice(-MOST_PENDING);
    for (const wake of [...waiting]) wake();
    postPending();
  });

  function push(kind: string, body: unknown, { id, business }: Pick<Chat, "id" | "business">): void {
    const allowed = bot.webhook?.allowedUpdates ?? allowedForPolls;
    if (allowed === null ? ON_REQUEST.includes(kind) : !allowed.includes(kind)) return;
    const chat = business === null ? String(id) : `${business.id}/${id}`;
    enqueue({ update: { update_id: ++bot.lastUpdateId, [kind]: body }, chat });
  }
  let allowedForPolls: string[] | null = null;

  function postPending(): void {
    if (bot.webhook === null) return;
    for (const { chat } of bot.pending) if (!posting.has(chat)) void postChat(chat);
  }

  /** A failed update stays the first of its chat, and is repeated with growing pauses. */
  async function postChat(chat: string): Promise<void> {
    posting.add(chat);
    for (let failures = 0; ; ) {
      const next = bot.pending.find((each) => each.chat === chat);
      const { webhook } = bot;
      if (next === undefined || webhook === null || world.ended.aborted) break;
      const answer = await postEvent(world, {
        platform: "telegram",
        name: Object.keys(next.update)[1] ?? "update",
        url: webhook.url,
        headers: {
          "content-type": "application/json",
          ...(webhook.secretToken === "" ? {} : { "x-telegram-bot-api-secret-token": webhook.secretToken }),
        },
        body: JSON.stringify(next.update),
        timeoutMs: WEBHOOK_MS,
      });
      if (isSuccess(answer)) {
        failures = 0;
        bot.pending = bot.pending.filter((each) => each !== next);
        readReply(answer.body);
        continue;
      }
      const words =
        answer.status === null ? "Connection failed" : `Wrong response from the webhook: ${answer.status}`;
      bot.lastError = { date: world.clock.seconds(), message: words };
      failures += 1;
      const pause = failures === 1 ? 0 : Math.min(60, 2 ** (failures - 1));
      await new Promise<void>((resolve) => {
        world.ended.addEventListener("abort", () => resolve(), { once: true });
        world.after(1000 * Math.max(pause, Math.min(3600, Number(answer.retryAfter ?? 0) || 0)), resolve);
      });
    }
    posting.delete(chat);
  }

  function readReply(body: string): void {
    try {
      const { method, ...payload } = JSON.parse(body) as Parameters;
      if (typeof method === "string" && !/^(get|setwebhook|deletewebhook|close|logout)/i.test(method))
        carryOut(method, payload);
    } catch {
      // Most answers are no calls.
    }
  }

  return {
    push,

    async poll({ offset, limit, timeout, allowed_updates }: Parameters, gone: AbortSignal): Promise<Outcome> {
      if (bot.webhook !== null)
        return refuse(
          409,
          "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        );
      endOtherPoll?.();
      if (Array.isArray(allowed_updates))
        allowedForPolls = allowed_updates.length > 0 ? allowed_updates : null;
      let isEnded = false;
      const end = () => {
        isEnded = true;
        for (const wake of [...waiting]) wake();
      };
      endOtherPoll = end;
      const from = Number(offset ?? 0);
      bot.pending =
        from < 0 ? bot.pending.slice(from) : bot.pending.filter(({ update }) => update.update_id >= from);
      const seconds = Math.min(MOST_POLL_SECONDS, Math.max(0, Number(timeout ?? 0)));
      if (bot.pending.length === 0 && seconds > 0) await nextUpdate(seconds * 1000, gone);
      if (endOtherPoll === end) endOtherPoll = null;
      if (isEnded)
        return refuse(
          409,
          "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        );
      const most = Math.min(100, Math.max(1, Number(limit ?? 100)));
      return ok(bot.pending.slice(0, most).map(({ update }) => update));
    },

    setWebhook({ url, secret_token, allowed_updates, drop_pending_updates }: Parameters): Outcome {
      if (url === undefined || url === "") return this.deleteWebhook({ drop_pending_updates });
      if (!canBeCalled(url)) return badRequest("bad webhook: An HTTPS URL must be provided for webhook");
      const secretToken = String(secret_token ?? "");
      if (secretToken !== "" && !/^[A-Za-z0-9_-]{1,256}$/.test(secretToken))
        return badRequest("secret token contains unallowed characters");
      const before = bot.webhook?.allowedUpdates ?? null;
      const allowedUpdates = Array.isArray(allowed_updates)
        ? allowed_updates.length > 0
          ? allowed_updates
          : null
        : before;
      if (isTrue(drop_pending_updates)) bot.pending = [];
      endOtherPoll?.();
      bot.webhook = { url, secretToken, allowedUpdates };
      bot.lastError = null;
      postPending();
      return ok(true, "Webhook was set");
    },

    deleteWebhook({ drop_pending_updates }: Parameters): Outcome {
      if (isTrue(drop_pending_updates)) bot.pending = [];
      const description = bot.webhook === null ? "Webhook is already deleted" : "Webhook was deleted";
      bot.webhook = null;
      return ok(true, description);
    },

    webhookInfo(): Outcome {
      const { webhook, lastError } = bot;
      return ok({
        url: webhook?.url ?? "",
        has_custom_certificate: false,
        pending_update_count: bot.pending.length,
        ...(webhook?.allowedUpdates ? { allowed_updates: webhook.allowedUpdates } : {}),
        ...(lastError === null
          ? {}
          : { last_error_date: lastError.date, last_error_message: lastError.message }),
      });
    },
  };

  function nextUpdate(milliseconds: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      waiting.add(wake);
      gone.addEventListener("abort", wake, { once: true });
      world.ended.addEventListener("abort", wake, { once: true });
    });
  }
}

const isTrue = (value: unknown) => value === true || value === "true" || value === "True";
