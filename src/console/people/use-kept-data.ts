import { useEffect, useState } from "preact/hooks";
import { CallError } from "../../web-chat/chat/call-error.ts";
import { callForRevision, wordsOf } from "../server/call.ts";

export type KeptObject = Record<string, unknown>;

/** The stored data, with its revision. */
interface Stored {
  data: KeptObject;
  revision: string;
}

const inWords = (data: KeptObject) => JSON.stringify(data, null, 2);

/** The data of a user for an agent, as text to edit. Saving overwrites no unseen change. */
export function useKeptData(userId: string, agent: string) {
  const path = `/users/${userId}/data/${encodeURIComponent(agent)}`;
  const [stored, setStored] = useState<Stored | null>(null);
  const [text, setText] = useState("");
  const [notice, setNotice] = useState<{ text: string; isProblem: boolean } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const show = ({ data }: Stored) => setText(inWords(data));

  async function load(): Promise<Stored> {
    const found = await callForRevision<KeptObject>("GET", path);
    setStored(found);
    return found;
  }

  useEffect(() => {
    load().then(show, (error: unknown) => setNotice({ text: wordsOf(error), isProblem: true }));
  }, [path]);

  async function save(data: KeptObject, revision: string): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    try {
      const saved = await callForRevision<KeptObject>("PUT", path, { body: data, ifMatch: revision });
      setStored(saved);
      show(saved);
      setNotice({ text: "Saved.", isProblem: false });
    } catch (error) {
      const isOvertaken = error instanceof CallError && error.status === 412;
      if (isOvertaken) await load().catch(() => undefined);
      const words = isOvertaken
        ? "Somebody else changed it meanwhile. The differences below are to their state now."
        : wordsOf(error);
      setNotice({ text: words, isProblem: true });
    }
    setBusy(false);
  }

  function edit(typed: string): void {
    setText(typed);
    setNotice(null);
  }

  return { stored, text, edit, undo: () => stored && show(stored), save, isBusy, notice };
}
