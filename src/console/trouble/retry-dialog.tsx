import { useEffect, useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, newIdempotencyKey, wordsOf } from "../server/call.ts";
import { Modal } from "../shell/modal.tsx";

interface Retried {
  matched: number;
  retried: number;
}

/** Sends many deliveries again. It counts them first, and sends nothing before somebody agrees. */
export function RetryDialog(props: {
  status: "failed" | "unknown";
  /** Only this channel; empty: all. */
  channel: string;
  onClose: () => void;
}) {
  const { status, channel, onClose } = props;
  const [errorCode, setErrorCode] = useState("");
  const [counted, setCounted] = useState<{ code: string; matched: number } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const code = errorCode.trim();
  const filter = {
    status,
    ...(channel === "" ? {} : { channel }),
    ...(code === "" ? {} : { error_code: code }),
  };
  const retry = (dryRun: boolean) =>
    callApi<Retried>("POST", "/deliveries/retry", {
      body: { filter, dry_run: dryRun },
      idempotencyKey: newIdempotencyKey(),
    });

  useEffect(() => {
    let isOver = false;
    setFailure(null);
    retry(true)
      .then(({ matched }) => isOver || setCounted({ code, matched }))
      .catch((error: unknown) => isOver || setFailure(wordsOf(error)));
    return () => {
      isOver = true;
    };
  }, [code]);

  const matched = counted?.code === code ? counted.matched : null;
  const isEmpty = matched === null || matched === 0;
  return (
    <Modal
      title="Send all again"
      act={isEmpty ? null : `Send ${matched} again`}
      onSubmit={async () => {
        await retry(false);
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
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
    </Modal>
  );
}

function sentence(matched: number, status: string, channel: string): string {
  const where = channel === "" ? "on all channels" : `on ${channel}`;
  return `${matched} ${status} ${matched === 1 ? "delivery" : "deliveries"} ${where}. Nothing is sent yet.`;
}
