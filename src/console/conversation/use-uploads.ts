import { useRef, useState } from "preact/hooks";
import { uploadFile, wordsOf } from "../server/call.ts";

/** A file that goes with the next answer. */
export interface Upload {
  key: number;
  name: string;
  bytes: number;
  /** The attachment's id once the file is stored. */
  id: string | null;
  failure: string | null;
}

/** Files for the answer in a conversation. Each is stored at once, so that sending takes no time. */
export function useUploads(sessionId: string) {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const lastKey = useRef(0);
  const change = (key: number, to: Partial<Upload>) =>
    setUploads((before) => before.map((upload) => (upload.key === key ? { ...upload, ...to } : upload)));

  async function store(file: File): Promise<void> {
    const key = ++lastKey.current;
    setUploads((before) => [...before, { key, name: file.name, bytes: file.size, id: null, failure: null }]);
    try {
      const path = `/chat/sessions/${sessionId}/handoff/attachments`;
      const { id } = await uploadFile<{ id: string }>(path, file);
      change(key, { id });
    } catch (error) {
      change(key, { failure: wordsOf(error) });
    }
  }

  return {
    uploads,
    /** The ids of the stored files. */
    ids: uploads.flatMap(({ id }) => (id === null ? [] : [id])),
    isStoring: uploads.some(({ id, failure }) => id === null && failure === null),
    add: (files: Iterable<File>) => [...files].forEach((file) => void store(file)),
    remove: (key: number) => setUploads((before) => before.filter((upload) => upload.key !== key)),
    /** Forgets the files that went with a message. */
    forget: (ids: readonly string[]) =>
      setUploads((before) => before.filter(({ id }) => id === null || !ids.includes(id))),
  };
}
