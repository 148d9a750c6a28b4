import { answerSchema } from "../bots/webhook/answer-schema.ts";
import { newId } from "../core/ids.ts";
import { type EndpointProbe, type ProbeAnswer, signedAgo } from "./endpoint-probe.ts";

/** A problem that a check found, and its fix. A warning does not break the protocol, but is useful to know. */
export interface Problem {
  severity: "error" | "warning";
  what: string;
  fix: string;
}

/** One requirement for an endpoint. Returns the problem or null; throws if no answer came. */
export interface EndpointCheck {
  name: string;
  /**
   * Vital: without it nothing works, or anyone gets in. `causeway doctor` runs only vital checks, because each check
   * costs an answer.
   */
  vital?: true;
  run(probe: EndpointProbe): Promise<Problem | null>;
}

const HOUR_MS = 3_600_000;
const SLOW_MS = 10_000;
const CHECK_SIGNATURE =
  "compute HMAC-SHA256 of `<t>.<raw body>` with the secret, and first answer 401 to every other signature";

/** The order matters: if an endpoint fails the first check, the others are not run. */
export const endpointChecks: readonly EndpointCheck[] = [
  { name: "answers a signed turn", vital: true, run: async (probe) => readable(await probe.ask()) },
  {
    name: "answers in time",
    async run(probe) {
      const { milliseconds } = await probe.ask();
      if (milliseconds < SLOW_MS) return null;
      return warning(`It took ${milliseconds} ms.`, "stream the answer, so that users see it being written");
    },
  },
  {
    name: "refuses a request signed with another secret",
    vital: true,
    run: (probe) => refused(probe, (body) => signedAgo(`${probe.secret}-not`, body, 0), CHECK_SIGNATURE),
  },
  {
    name: "refuses a request that was changed after it was signed",
    run: (probe) => refused(probe, (body) => signedAgo(probe.secret, `${body} `, 0), CHECK_SIGNATURE),
  },
  {
    name: "refuses a request without a signature",
    run: (probe) => refused(probe, () => null, CHECK_SIGNATURE),
  },
  {
    name: "refuses a request that is an hour old",
    run: (probe) =>
      refused(
        probe,
        (body) => signedAgo(probe.secret, body, HOUR_MS),
        "refuse a `t` that differs by more than five minutes, or a recorded request can be sent again",
      ),
  },
  {
    name: "accepts several messages at once",
    run: async (probe) => readable(await probe.ask({ messages: [userMessage("One"), userMessage("Two")] })),
  },
  {
    name: "accepts an instruction without a user",
    run: async (probe) =>
      readable(
        await probe.ask({
          user: null,
          messages: [{ ...userMessage("Greet the user."), role: "instruction" }],
        }),
      ),
  },
  {
    name: "accepts long text in any script",
    run: async (probe) =>
      readable(await probe.ask({ messages: [userMessage("Grüße, 世界, שלום 👩‍👩‍👧! ".repeat(200))] })),
  },
  {
    name: "ignores unknown keys",
    run: async (probe) => readable(await probe.ask({ something_newer: { a: [1] } })),
  },
  {
    name: "gives the same answer to the same execution",
    async run(probe) {
      const execution_id = newId();
      const [first, second] = [await probe.ask({ execution_id }), await probe.ask({ execution_id })];
      if (JSON.stringify(first.result) === JSON.stringify(second.result)) return null;
      return warning(
        "It gave two different answers to one execution_id.",
        "keep the answer for a few minutes under its execution_id, since a lost answer is requested again",
      );
    },
  },
  {
    name: "accepts a cancel",
    async run(probe) {
      const status = await probe.cancel(newId());
      if (status < 400) return null;
      return warning(`It answered ${status} to a cancel.`, 'answer 204 where the body\'s "type" is "cancel"');
    },
  },
];

/** Returns a problem of an answer that is valid but unusual. */
function readable({ result, contentType, text, streamed }: ProbeAnswer): Problem | null {
  if (contentType.includes("json")) {
    const unknown = Object.keys(JSON.parse(text)).filter((key) => !Object.hasOwn(answerSchema.shape, key));
    if (unknown.length === 0) return null;
    const known = Object.keys(answerSchema.shape).join(", ");
    return warning(`Its answer has unknown keys: ${unknown.join(", ")}.`, `use ${known}`);
  }
  const whole = result.replies.map(({ content }) => content).join("\n\n");
  if (streamed === whole) return null;
  return warning(
    "Its deltas differ from its final messages, so users see the text change at the end.",
    "send the same text in both, or leave `messages` out of `final`",
  );
}

async function refused(
  probe: EndpointProbe,
  signature: (body: string) => string | null,
  fix: string,
): Promise<Problem | null> {
  const status = await probe.statusFor(signature);
  if (status === 401 || status === 403) return null;
  if (status >= 400) return warning(`It answered ${status}.`, "answer 401, so that operators see the reason");
  return { severity: "error", what: `It answered ${status}.`, fix };
}

function userMessage(content: string) {
  return { id: newId(), role: "user" as const, content, attachments: [] };
}

function warning(what: string, fix: string): Problem {
  return { severity: "warning", what, fix };
}
