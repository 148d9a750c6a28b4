import { useState } from "preact/hooks";
import { callApi, wordsOf } from "../server/call.ts";
import type { Channel, ChannelCheck } from "../server/wire.ts";

const TONES = { ok: "good", warning: "wait", error: "bad" } as const;
const WORDS = { ok: "Good", warning: "Warning", error: "Wrong" } as const;

/** A button that asks the platform what `causeway doctor` asks it, and the answer. */
export function ChannelChecks({ channel }: { channel: Channel }) {
  const [isBusy, setBusy] = useState(false);
  const [checked, setChecked] = useState<ChannelCheck | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  if (channel.state === "disabled") return null;

  async function check(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      setChecked(await callApi<ChannelCheck>("GET", `/channels/${channel.id}/check`));
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
  }

  return (
    <>
      <button type="button" class="button small" aria-busy={isBusy} onClick={() => void check()}>
        {isBusy ? "Checking…" : "Check"}
        <span class="hidden"> {channel.name}</span>
      </button>
      <div role="status">
        {checked !== null && (
          <ul class="troubles" aria-label={`Findings of ${channel.name}`}>
            {checked.findings.map(({ where, severity, what, fix }, index) => (
              <li key={index}>
                <span class={`chip ${TONES[severity]}`}>{WORDS[severity]}</span> {what}
                {severity !== "ok" && <code>{where}</code>}
                {fix !== null && <p class="hint">{fix}</p>}
              </li>
            ))}
          </ul>
        )}
        {failure !== null && <p class="problem">{failure}</p>}
      </div>
    </>
  );
}
