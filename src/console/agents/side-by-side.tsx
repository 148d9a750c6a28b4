import type { AgentVersion } from "../server/wire.ts";
import { linePairs } from "./line-pairs.ts";

/** Two versions of an agent next to each other. Lines that differ are marked. */
export function SideBySide({ before, after }: { before: AgentVersion; after: AgentVersion }) {
  const text = ({ definition }: AgentVersion) => JSON.stringify(definition, null, 2);
  return (
    <div
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
