import type { AuditEntry } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";

/** One change: the key that made it, the call, and the values before and after. */
export function Entry({ entry }: { entry: AuditEntry }) {
  const { actor, operation, method, path, fields, before, after, address } = entry;
  return (
    <li class="card">
      <p>
        <strong>{actor.key_name ?? "A revoked key"}</strong> <span class="chip">{actor.via}</span>{" "}
        {wordsOfOperation(operation)} <Age at={entry.created_at} />
      </p>
      <p class="facts">
        <code>
          {method} {path}
        </code>
        {fields.length > 0 && <span>sets {fields.join(", ")}</span>}
        <span>from {address}</span>
      </p>
      {(before !== null || after !== null) && (
        <p class="facts">
          {before !== null && <del>{JSON.stringify(before)}</del>}
          {after !== null && <ins>{JSON.stringify(after)}</ins>}
        </p>
      )}
    </li>
  );
}

/** `retryDelivery` as `retry delivery`. */
function wordsOfOperation(operation: string): string {
  return operation.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
