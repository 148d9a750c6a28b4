import { useState } from "preact/hooks";
import { CallError } from "../chat/call-error.ts";
import { newClientId } from "../chat/outbox.ts";
import type { WireAttachment } from "../chat/wire.ts";
import { fill, useWords } from "../locales/words.ts";
import { useView } from "./context.ts";
import { shownName } from "./file-name.ts";
import { fileSize } from "./file-size.ts";
import { reasonOf } from "./reason.ts";

/** A file of the next message. */
export interface Upload {
  id: string;
  name: string;
  /** From 0 to 1. */
  share: number;
  attachment: WireAttachment | null;
  /** Cancels it, also during the upload. */
  remove(): void;
}

/** Maximum number of files in one message. */
const MOST_FILES = 10;

/**
 * Files on their way to the server, and the reasons of refused ones. @param limitBytes null: the server decides about
 * the size.
 */
export function useUploads(limitBytes: number | null) {
  const { api, conversation } = useView();
  const words = useWords();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const [refusals, setRefusals] = useState<readonly string[]>([]);

  async function add(files: readonly File[]): Promise<void> {
    const room = files.slice(0, Math.max(0, MOST_FILES - uploads.length));
    const left = files.slice(room.length).map(({ name }) => shownName(name));
    const tooLarge = room.filter(({ size }) => limitBytes !== null && size > limitBytes);
    setRefusals([
      ...tooLarge.map(({ name }) =>
        fill(words.tooLarge, { name: shownName(name), size: fileSize(limitBytes ?? 0) }),
      ),
      ...(left.length === 0 ? [] : [fill(words.tooMany, { count: MOST_FILES, names: left.join(", ") })]),
    ]);
    await Promise.all(room.filter((file) => !tooLarge.includes(file)).map(send));
  }

  async function send(given: File): Promise<void> {
    const id = newClientId();
    const abort = new AbortController();
    const drop = () => setUploads((all) => all.filter((one) => one.id !== id));
    const change = (next: Partial<Upload>) =>
      setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...next } : one)));
    const remove = () => {
      abort.abort();
      drop();
    };
    setUploads((all) => [...all, { id, name: shownName(given.name), share: 0, attachment: null, remove }]);
    try {
      // Fetched with the first file.
      const { seenFile, upload } = await import("../chat/upload.ts");
      const file = await seenFile(given);
      if (abort.signal.aborted) return;
      if (file === null) setRefusals((all) => [...all, fill(words.notSeen, { name: shownName(given.name) })]);
      const sent = file ?? given;
      const target = await api.uploadTarget(await conversation.currentSession(), sent.name);
      const onProgress = (share: number) => change({ share });
      const attachment = await upload({ ...target, file: sent, signal: abort.signal, onProgress });
      change({ attachment, share: 1 });
    } catch (error) {
      drop();
      if (abort.signal.aborted) return;
      const reason = error instanceof CallError ? reasonOf(error, words) : String(error);
      setRefusals((all) => [...all, fill(words.refused, { name: shownName(given.name), reason })]);
    }
  }

  return {
    uploads,
    refusals,
    add,
    /** Shows the problem of a file that came to nothing; empty: shows none. */
    tell: (problem: string) => setRefusals(problem === "" ? [] : [problem]),
    isBusy: uploads.some(({ attachment }) => attachment === null),
    /** Returns the uploaded files for a message and empties the list. */
    take(): WireAttachment[] {
      const taken = uploads.flatMap(({ attachment }) => attachment ?? []);
      setUploads([]);
      setRefusals([]);
      return taken;
    },
  };
}
