import { useRef, useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { callApi, newIdempotencyKey, wordsOf } from "../server/call.ts";
import { may } from "../session/who.ts";
import { Link } from "../shell/link.tsx";
import { hrefOf, type Route } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import { readPeople } from "./people-list.ts";
import { ReachCheck } from "./reach-check.tsx";
import { MOST_PEOPLE, type Outreach, triggerCall } from "./trigger-call.ts";

/** The result of the message to one user. */
interface Result {
  identifier: string;
  session_id?: string;
  sends_at?: string;
  error?: { message: string };
}

/** Makes an agent write to one user or to many. */
export function MessageForm({ route }: { route: Route }) {
  const { agents, channels } = useNames();
  const given = (name: string) => route.query.get(name) ?? "";
  const [form, setForm] = useState<Outreach>(() => ({
    agent: given("agent"),
    channel: given("channel"),
    to: given("to"),
    kind: "message_text",
    words: "",
    startNew: false,
    disturb: false,
  }));
  const [results, setResults] = useState<readonly Result[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isQuiet, setQuiet] = useState(false);
  /** Stays the same while the same call is tried again, so it is made once. */
  const attempt = useRef({ call: "", key: "" });
  const set = (change: Partial<Outreach>) => setForm((before) => ({ ...before, ...change }));

  const filled = {
    ...form,
    agent: form.agent || (agents[0]?.slug ?? ""),
    channel: form.channel || (channels[0]?.name ?? ""),
  };
  const identifiers = readPeople(form.to).map(({ identifier }) => identifier);
  const isTooMany = identifiers.length > MOST_PEOPLE;
  const call = triggerCall(filled);

  async function send(): Promise<void> {
    if (isBusy) return;
    const text = JSON.stringify(call);
    if (attempt.current.call !== text) attempt.current = { call: text, key: newIdempotencyKey() };
    setBusy(true);
    setFailure(null);
    setResults([]);
    try {
      const answer = await callApi<Result | { data: Result[] }>("POST", call.path, {
        body: call.body,
        idempotencyKey: attempt.current.key,
      });
      setResults("data" in answer ? answer.data : [{ ...answer, identifier: identifiers[0] ?? "" }]);
      attempt.current = { call: "", key: "" };
      set({ words: "" });
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
  }

  return (
    <div class="page">
      <header class="page-head">
        <h2>Message someone</h2>
      </header>
      {!may("trigger:write") ? (
        <p class="empty">Your key does not let you write to people first.</p>
      ) : (
        <form
          class="card message-form"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <div class="pair">
            <label class="field">
              <span>Agent</span>
              <select
                value={filled.agent}
                onChange={({ currentTarget }) => set({ agent: currentTarget.value })}
              >
                {agents.map(({ slug, name }) => (
                  <option key={slug} value={slug}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <label class="field">
              <span>Channel</span>
              <select
                value={filled.channel}
                onChange={({ currentTarget }) => set({ channel: currentTarget.value })}
              >
                {channels.map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <label class="field">
            <span>To (one identifier in each line, or a table whose first column is identifier)</span>
            <textarea
              required
              rows={Math.min(8, Math.max(1, form.to.split("\n").length))}
              spellcheck={false}
              value={form.to}
              onInput={({ currentTarget }) => set({ to: currentTarget.value })}
            />
          </label>
          {isTooMany && (
            <p class="problem" role="alert">
              These are {identifiers.length} people. One call reaches at most {MOST_PEOPLE}.
            </p>
          )}
          {identifiers.length > 0 && filled.agent !== "" && <ReachCheck form={filled} onQuiet={setQuiet} />}
          <fieldset class="pair">
            <legend>What they get</legend>
            <Kind form={form} kind="message_text" onChoose={set}>
              These words, as they stand
            </Kind>
            <Kind form={form} kind="prompt_text" onChoose={set}>
              A message that the bot writes
            </Kind>
          </fieldset>
          <label class="field">
            <span>{form.kind === "message_text" ? "Words" : "Instruction to the bot"}</span>
            <textarea
              required
              rows={4}
              dir="auto"
              value={form.words}
              onInput={({ currentTarget }) => set({ words: currentTarget.value })}
            />
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={form.startNew}
              onChange={({ currentTarget }) => set({ startNew: currentTarget.checked })}
            />
            <span>Begin a new conversation, and end the one that is open</span>
          </label>
          {(isQuiet || form.disturb) && (
            <label class="check">
              <input
                type="checkbox"
                checked={form.disturb}
                onChange={({ currentTarget }) => set({ disturb: currentTarget.checked })}
              />
              <span>Send now, also in quiet hours</span>
            </label>
          )}
          <details>
            <summary>The call</summary>
            <pre class="definition" tabIndex={0} role="group" aria-label="The call">
              POST /api/v1{call.path}
              {"\n\n"}
              {JSON.stringify(call.body, null, 2)}
            </pre>
          </details>
          {failure !== null && (
            <p class="problem" role="alert">
              {failure}
            </p>
          )}
          <Results results={results} />
          <div class="form-line">
            <button
              type="submit"
              class="button primary"
              aria-busy={isBusy}
              disabled={identifiers.length === 0 || isTooMany || form.words.trim() === ""}
            >
              Send{identifiers.length > 1 ? ` to ${identifiers.length} people` : ""}
            </button>
          </div>
        </form>
      )}
    </div>
  );
}

function Kind(props: {
  form: Outreach;
  kind: Outreach["kind"];
  onChoose: (change: Partial<Outreach>) => void;
  children: string;
}) {
  const { form, kind, onChoose } = props;
  return (
    <label class="check">
      <input type="radio" name="kind" checked={form.kind === kind} onChange={() => onChoose({ kind })} />
      <span>{props.children}</span>
    </label>
  );
}

function Results({ results }: { results: readonly Result[] }) {
  return (
    <div role="status" aria-label="What became of it">
      <ul class="reach">
        {results.map(({ identifier, session_id: session, sends_at: at, error }) => (
          <li key={identifier}>
            <span class="row-name">{identifier}</span>
            <span class={`chip ${error ? "bad" : "good"}`}>
              {error ? "Not sent" : at ? "Waits" : "On its way"}
            </span>
            <span class="hint">
              {error?.message ?? (at === undefined ? "" : `until ${times.full(at)}, for the quiet hours`)}
            </span>
            {session !== undefined && <Link href={hrefOf("conversations", session)}>Conversation</Link>}
          </li>
        ))}
      </ul>
    </div>
  );
}
