import { useEffect, useState } from "preact/hooks";
import { callApi, newIdempotencyKey, wordsOf } from "../server/call.ts";

interface Retried {
  matched: number;
  retried: number;
}

/**
 * Counts the deliveries that would be sent again, and sends them.
 * @param channel only this one; empty: all.
 * @param code only deliveries with this error code; empty: with any.
 */
export function useRetry(status: "failed" | "unknown", channel: string, code: string) {
  const [counted, setCounted] = useState<{ code: string; matched: number } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
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

  /** Null until this code is counted. */
  const matched = counted?.code === code ? counted.matched : null;
  return { matched, failure, retry: () => retry(false) };
}
