import { useState } from "preact/hooks";
import { CallError } from "../chat/call-error.ts";
import { newClientId } from "../chat/outbox.ts";
import { upload } from "../chat/upload.ts";
import type { WireAttachment } from "../chat/wire.ts";
import { useView } from "./context.ts";
import { fileSize } from "./file-size.ts";
import { reasonOf } from "./reason.ts";
import { fill, useWords } from "./words.ts";

/** A file that goes with the next message. */
export interface Upload {
  id: string;
  name: string;
  /** From 0 to 1. */
  share: number;
  attachment: WireAttachment | null;
  /** Takes it back, also in the middle. */
  remove(): void;
}

/** The most files of one message. */
const MOST_FILES = 10;

/** Files on their way to the server, and why some are not. @param limitBytes null: the server says what is too large. */
export function useUploads(limitBytes: number | null) {
  const { api, conversation } = useView();
  const words = useWords();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const [refusals, setRefusals] = useState<readonly string[]>([]);

  async function add(files: readonly File[]): Promise<void> {
    const room = files.slice(0, MOST_FILES - uploads.length);
    const tooLarge = room.filter(({ size }) => limitBytes !== null && size > limitBytes);
    setRefusals(tooLarge.map(({ name }) => fill(words.tooLarge, { name, size: fileSize(limitBytes ?? 0) })));
    await Promise.all(room.filter((file) => !tooLarge.includes(file)).map(send));
  }

  async function send(file: File): Promise<void> {
    const id = newClientId();
    const abort = new AbortController();
    const drop = () => setUploads((all) => all.filter((one) => one.id !== id));
    const change = (next: Partial<Upload>) =>
      setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...next } : one)));
    const remove = () => {
      abort.abort();
      drop();
    };
    setUploads((all) => [...all, { id, name: file.name, share: 0, attachment: null, remove }]);
    try {
      const target = await api.uploadTarget(await conversation.currentSession(), file.name);
      const onProgress = (share: number) => change({ share });
      const attachment = await upload({ ...target, file, signal: abort.signal, onProgress });
      change({ attachment, share: 1 });
    } catch (error) {
      drop();
      if (abort.signal.aborted) return;
      const reason = error instanceof CallError ? reasonOf(error, words) : String(error);
      setRefusals((all) => [...all, fill(words.refused, { name: file.name, reason })]);
    }
  }

  return {
    uploads,
    refusals,
    add,
    isBusy: uploads.some(({ attachment }) => attachment === null),
    /** What has arrived goes with a message; then there is nothing left here. */
    take(): WireAttachment[] {
      const taken = uploads.flatMap(({ attachment }) => attachment ?? []);
      setUploads([]);
      setRefusals([]);
      return taken;
    },
  };
}
