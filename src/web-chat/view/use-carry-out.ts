import { useState } from "preact/hooks";
import { CallError } from "../chat/call-error.ts";
import { useWords } from "../locales/words.ts";
import { reasonOf } from "./reason.ts";

/** Carries out one action at a time, and keeps the reason if it fails. @param onDone called if it succeeds. */
export function useCarryOut(onDone: () => void) {
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");

  async function carryOut(act: () => Promise<void>): Promise<void> {
    if (busy) return;
    setBusy(true);
    try {
      await act();
      onDone();
    } catch (error) {
      setFailure(error instanceof CallError ? reasonOf(error, words) : words.notDone);
      setBusy(false);
    }
  }

  return { busy, failure, carryOut: (act: () => Promise<void>) => void carryOut(act) };
}
