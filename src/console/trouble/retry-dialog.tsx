import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { Modal } from "../shell/modal.tsx";
import { Problem } from "../shell/problem.tsx";
import { useRetry } from "./use-retry.ts";

/** Sends many deliveries again. It counts them first, and sends nothing before somebody agrees. */
export function RetryDialog(props: {
  status: "failed" | "unknown";
  /** Only this channel; empty: all. */
  channel: string;
  onClose: () => void;
}) {
  const { status, channel, onClose } = props;
  const [errorCode, setErrorCode] = useState("");
  const { matched, failure, retry } = useRetry(status, channel, errorCode.trim());
  const isEmpty = matched === null || matched === 0;
  return (
    <Modal
      title="Send all again"
      act={isEmpty ? null : `Send ${matched} again`}
      onSubmit={async () => {
        await retry();
        tick();
      }}
      onClose={onClose}
    >
      <p role="status">
        {matched === null ? "Counting…" : sentence(matched, status, channel)}
        {status === "unknown" && !isEmpty && " Each of them may arrive twice."}
      </p>
      <label class="field">
        <span>Only with this error code (optional)</span>
        <input
          value={errorCode}
          spellcheck={false}
          onInput={({ currentTarget }) => setErrorCode(currentTarget.value)}
        />
      </label>
      <Problem>{failure}</Problem>
    </Modal>
  );
}

function sentence(matched: number, status: string, channel: string): string {
  const where = channel === "" ? "on all channels" : `on ${channel}`;
  return `${matched} ${status} ${matched === 1 ? "delivery" : "deliveries"} ${where}. Nothing is sent yet.`;
}
