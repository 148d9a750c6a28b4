import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { ApiKey, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Modal } from "../shell/modal.tsx";
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
      <header class="page-head">
        <h2>API keys</h2>
      </header>
      <NewKey />
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      <ul class="audit">
        {data?.data.map((key) => (
          <li key={key.id} class="card">
            <header>
              <h3>{key.name}</h3>
              {key.operator ? (
                <span class="chip">Of the settings</span>
              ) : (
                <button type="button" class="button small" onClick={() => setRevoked(key)}>
                  Revoke<span class="hidden"> {key.name}</span>
                </button>
              )}
            </header>
            <p class="facts">
              <code>{key.prefix}…</code>
              <span>{key.scopes.join(", ")}</span>
              <span>
                {key.last_used_at === null ? (
                  "never used"
                ) : (
                  <>
                    last used <Age at={key.last_used_at} />
                  </>
                )}
              </span>
            </p>
          </li>
        ))}
      </ul>
      {revoked !== null && <RevokeDialog apiKey={revoked} onClose={() => setRevoked(null)} />}
    </div>
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
