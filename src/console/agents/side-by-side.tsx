import { useLayoutEffect, useRef } from "preact/hooks";
import type { AgentVersion } from "../server/wire.ts";
import { linePairs } from "./line-pairs.ts";

/** Two versions of an agent next to each other. Lines that differ are marked. */
export function SideBySide({ before, after }: { before: AgentVersion; after: AgentVersion }) {
  const pane = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => showFirstChange(pane.current), [before.version, after.version]);
  const text = ({ definition }: AgentVersion) => JSON.stringify(definition, null, 2);
  return (
    <div
      ref={pane}
      class="definition"
      tabIndex={0}
      role="group"
      aria-label={`Definition, version ${after.version}, beside version ${before.version}`}
    >
      <table class="sides">
        <thead>
          <tr>
            <th scope="col">Version {before.version}</th>
            <th scope="col">Version {after.version}</th>
          </tr>
        </thead>
        <tbody>
          {linePairs(text(before), text(after)).map(({ before: left, after: right }, index) => (
            <tr key={index}>
              <Line text={left} tag={left === right ? null : "del"} />
              <Line text={right} tag={left === right ? null : "ins"} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ text, tag: Tag }: { text: string | null; tag: "del" | "ins" | null }) {
  if (text === null) return <td />;
  return <td>{Tag === null ? text : <Tag>{text}</Tag>}</td>;
}

/** Scrolls the pane, and not the page around it. Some equal lines stay above the change. */
function showFirstChange(pane: HTMLElement | null): void {
  const change = pane?.querySelector("del, ins");
  if (!pane || !change) return;
  const below = change.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  pane.scrollTop += below - pane.clientHeight / 3;
}
