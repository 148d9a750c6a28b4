import { answerSchema } from "../bots/webhook/answer-schema.ts";
import { newId } from "../core/ids.ts";
import { type EndpointProbe, type Heard, signedAgo } from "./endpoint-probe.ts";

/** What a check found wrong, and what to do about it. A warning is no breach of the protocol, but worth knowing. */
export interface Objection {
  severity: "error" | "warning";
  problem: string;
  fix: string;
}

/** One thing an endpoint has to get right. Returns what is wrong, or null; throws where no answer came. */
export interface EndpointCheck {
  name: string;
  /** Without it nothing works, or anybody gets in: all that `causeway doctor` asks, as every question costs an answer. */
  vital?: true;
  run(probe: EndpointProbe): Promise<Objection | null>;
}

const HOUR_MS = 3_600_000;
const SLOW_MS = 10_000;
const CHECK_SIGNATURE =
  "compute HMAC-SHA256 of `<t>.<raw body>` with the secret and answer 401 to what does not match, before anything else";

/** In this order: an endpoint that does not pass the first need not be asked for the rest. */
export const endpointChecks: readonly EndpointCheck[] = [
  { name: "answers a signed turn", vital: true, run: async (probe) => readable(await probe.ask()) },
  {
    name: "answers in good time",
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
        "refuse a `t` that is more than five minutes off: whoever overheard a request could send it again",
      ),
  },
  {
    name: "takes several messages at once",
    run: async (probe) => readable(await probe.ask({ messages: [written("One"), written("Two")] })),
  },
  {
    name: "takes an instruction and nobody in particular",
    run: async (probe) =>
      readable(
        await probe.ask({ user: null, messages: [{ ...written("Greet the user."), role: "instruction" }] }),
      ),
  },
  {
    name: "takes long text in any script",
    run: async (probe) =>
      readable(await probe.ask({ messages: [written("Grüße, 世界, שלום 👩‍👩‍👧! ".repeat(200))] })),
  },
  {
    name: "ignores keys it does not know",
    run: async (probe) => readable(await probe.ask({ something_newer: { a: [1] } })),
  },
  {
    name: "gives the same answer to the same execution",
    async run(probe) {
      const execution_id = newId();
      const [first, second] = [await probe.ask({ execution_id }), await probe.ask({ execution_id })];
      if (JSON.stringify(first.result) === JSON.stringify(second.result)) return null;
      return warning(
        "Asked twice with one execution_id, it gave two answers.",
        "keep the answer under its execution_id for a few minutes: a turn whose answer got lost is asked for again",
      );
    },
  },
  {
    name: "takes a cancel",
    async run(probe) {
      const status = await probe.cancel(newId());
      if (status < 400) return null;
      return warning(`It answered ${status} to a cancel.`, 'answer 204 where the body\'s "type" is "cancel"');
    },
  },
];

/** What is odd about an answer that was understood. */
function readable({ result, contentType, text, streamed }: Heard): Objection | null {
  if (contentType.includes("json")) {
    const unknown = Object.keys(JSON.parse(text)).filter((key) => !Object.hasOwn(answerSchema.shape, key));
    if (unknown.length === 0) return null;
    const known = Object.keys(answerSchema.shape).join(", ");
    return warning(`Its answer has keys that mean nothing: ${unknown.join(", ")}.`, `use ${known}`);
  }
  const whole = result.replies.map(({ content }) => content).join("\n\n");
  if (streamed === whole) return null;
  return warning(
    "Its deltas do not add up to its final messages: users see the text change when it is done.",
    "send the same text in both, or leave `messages` out of `final`",
  );
}

async function refused(
  probe: EndpointProbe,
  signature: (body: string) => string | null,
  fix: string,
): Promise<Objection | null> {
  const status = await probe.statusFor(signature);
  if (status === 401 || status === 403) return null;
  if (status >= 400)
    return warning(`It answered ${status}.`, "answer 401, so that operators read what is wrong");
  return { severity: "error", problem: `It answered ${status}.`, fix };
}

function written(content: string) {
  return { id: newId(), role: "user" as const, content, attachments: [] };
}

function warning(problem: string, fix: string): Objection {
  return { severity: "warning", problem, fix };
}
