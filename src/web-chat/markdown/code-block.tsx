import { useState } from "preact/hooks";
import { useWords } from "../locales/words.ts";
import { GrowingText } from "./growing-text.tsx";

/** Display time of "Copied", milliseconds. */
const COPIED_MS = 2_000;

/** Code, with its language and a button that copies it. */
export function CodeBlock({ language, text }: { language: string; text: string }) {
  const words = useWords();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  // Usually one word. Any other text here would be visible nowhere else.
  const name = language.trim();
  return (
    <div class="code" dir="ltr">
      <div class="code-head">
        <span>{name}</span>
        {/* Without https there is no clipboard. */}
        {globalThis.navigator?.clipboard && (
          <button type="button" onClick={() => void copy().catch(() => undefined)}>
            {copied ? words.copied : words.copy}
          </button>
        )}
      </div>
      <pre tabIndex={0} role="group" aria-label={name === "" ? words.code : `${words.code}: ${name}`}>
        <code>
          <GrowingText text={text} />
        </code>
      </pre>
    </div>
  );
}
