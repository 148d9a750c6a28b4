import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import { useStore } from "../server/store.ts";
import type { OpenHandoff, Session } from "../server/wire.ts";
import { may, who } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { Modal } from "../shell/modal.tsx";
import { Problem } from "../shell/problem.tsx";
import { AnswerBox } from "./answer-box.tsx";

/** Shows the person or bot that answers in a conversation, with the actions that the signed-in person may take. */
export function HandoffBar({ session }: { session: Session }) {
  const isMine = useIsMine(session.handoff);
  if (session.status === "completed") {
    return (
      <p class="handoff-bar quiet">This conversation is over. The user's next message opens a new one.</p>
    );
  }
  return (
    <div class="handoff">
      <HandoffLine session={session} isMine={isMine} />
      {isMine && may("handoff:write") && <AnswerBox key={session.id} sessionId={session.id} />}
    </div>
  );
}

function HandoffLine({ session, isMine }: { session: Session; isMine: boolean }) {
  const { handoff } = session;
  const [isReturning, setReturning] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  async function take(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      const path = `/chat/sessions/${session.id}/handoff`;
      if (handoff === null) await callApi("POST", path, { body: {} });
      await callApi("POST", `${path}/take`, { body: { force: handoff?.state === "taken" } });
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
  }

  return (
    <div class={`handoff-bar ${handoff?.state ?? ""}`}>
      <p>{describe(handoff, isMine)}</p>
      {may("handoff:write") &&
        (isMine ? (
          <button type="button" class="button" onClick={() => setReturning(true)}>
            Hand back
          </button>
        ) : (
          <button
            type="button"
            class={`button ${handoff?.state === "requested" ? "primary" : ""}`}
            aria-busy={isBusy}
            onClick={() => void take()}
          >
            {handoff?.state === "taken" ? `Take over from ${handoff.holder?.name}` : "Take over"}
          </button>
        ))}
      <Problem>{failure}</Problem>
      {isReturning && <HandBackDialog sessionId={session.id} onClose={() => setReturning(false)} />}
    </div>
  );
}

function describe(handoff: OpenHandoff | null, isMine: boolean) {
  if (handoff === null) return "The bot answers here.";
  if (handoff.state === "requested") {
    return (
      <>
        <strong>Waits for a person</strong> <Age at={handoff.requested_at} />
        {handoff.reason !== null && <>: {handoff.reason}</>}
      </>
    );
  }
  if (isMine) return "You answer here. The bot is silent.";
  return `${handoff.holder?.name ?? "A person"} answers here (${handoff.holder?.via ?? "elsewhere"}).`;
}

/** A person who answers over the API or the console has the name of the key. */
function useIsMine(handoff: OpenHandoff | null): boolean {
  const now = useStore(who);
  if (handoff?.state !== "taken" || (now.state !== "in" && now.state !== "expired")) return false;
  const { name, via } = handoff.holder ?? {};
  return name === now.me.key.name && (via === "api" || via === "console");
}

function HandBackDialog({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const [resume, setResume] = useState<"next" | "now">("next");
  const [text, setText] = useState("");
  async function handBack(): Promise<void> {
    const words = text.trim();
    await callApi("POST", `/chat/sessions/${sessionId}/handoff/release`, {
      body: { resume, ...(words === "" ? {} : { text: words }) },
    });
    tick();
  }
  return (
    <Modal title="Hand back to the bot" act="Hand back" onSubmit={handBack} onClose={onClose}>
      <p>The bot has everything that was said meanwhile as history.</p>
      <fieldset>
        <legend>When does it answer?</legend>
        <label class="check">
          <input type="radio" name="resume" checked={resume === "next"} onChange={() => setResume("next")} />
          <span>With the user's next message</span>
        </label>
        <label class="check">
          <input type="radio" name="resume" checked={resume === "now"} onChange={() => setResume("now")} />
          <span>Now, also what nobody has answered yet</span>
        </label>
      </fieldset>
      <label class="prompt">
        <span>Your last words to the user (optional)</span>
        <textarea
          rows={2}
          dir="auto"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
    </Modal>
  );
}
