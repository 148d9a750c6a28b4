import { useStore } from "../server/store.ts";
import { keysAreOn, setKeys } from "./keys.ts";
import { Modal } from "./modal.tsx";

const KEYS: readonly (readonly [string, string])[] = [
  ["J", "next conversation"],
  ["K", "previous conversation"],
  ["Enter or O", "open it"],
  ["Esc", "back to the list"],
  ["/", "search"],
  ["F", "find words in the conversation"],
  ["R", "write an answer"],
  ["?", "show these keys"],
];

/** All keys, and the switch that turns them off. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const isOn = useStore(keysAreOn);
  return (
    <Modal title="Shortcuts" act={null} onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget }) => setKeys(currentTarget.checked)}
        />
        <span>Single keys do something</span>
      </label>
    </Modal>
  );
}
