import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { ApiKey, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Modal } from "../shell/modal.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";
import { NewKey } from "./new-key.tsx";

const EVERY_MS = 15_000;

/** The keys of the workspace, with their scopes. */
export function Keys() {
  const { data, failure } = useLive(
    "keys",
    (signal) => callApi<Page<ApiKey>>("GET", "/api_keys?limit=100", { signal }),
    EVERY_MS,
  );
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  return (
    <div class="page">
      <PageHead title="API keys" />
      <NewKey />
      <Problem>{failure}</Problem>
      <ul class="audit">
        {data?.data.map((key) => (
          <KeyCard key={key.id} apiKey={key} onRevoke={() => setRevoked(key)} />
        ))}
      </ul>
      {revoked !== null && <RevokeDialog apiKey={revoked} onClose={() => setRevoked(null)} />}
    </div>
  );
}

function KeyCard({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const { name, operator, prefix, scopes, last_used_at: usedAt } = apiKey;
  return (
    <li class="card">
      <header>
        <h3>{name}</h3>
        {operator ? (
          <span class="chip">Of the settings</span>
        ) : (
          <button type="button" class="button small" onClick={onRevoke}>
            Revoke<span class="hidden"> {name}</span>
          </button>
        )}
      </header>
      <p class="facts">
        <code>{prefix}…</code>
        <span>{scopes.join(", ")}</span>
        <span>
          {usedAt === null ? (
            "never used"
          ) : (
            <>
              last used <Age at={usedAt} />
            </>
          )}
        </span>
      </p>
    </li>
  );
}

function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  async function revoke(): Promise<void> {
    await callApi("DELETE", `/api_keys/${apiKey.id}`);
    tick();
  }
  return (
    <Modal title="Revoke this key" act="Revoke" isDangerous onSubmit={revoke} onClose={onClose}>
      <p>
        The key of {apiKey.name} stops working at once. Whoever signed in with it is signed out, and programs
        that use it are refused.
      </p>
    </Modal>
  );
}
