import type { Change } from "./json-changes.ts";

/** Differences between two JSON values, one on each line. */
export function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <ul class="changes" aria-label="Changes">
      {changes.map(({ path, before, after }) => (
        <li key={path}>
          <code>{path}</code>
          {before !== undefined && <del>{JSON.stringify(before)}</del>}
          {after !== undefined && <ins>{JSON.stringify(after)}</ins>}
        </li>
      ))}
    </ul>
  );
}
