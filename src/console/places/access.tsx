import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { AccessGrant, AccessRequest, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { CallButtons } from "../shell/call-buttons.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";

const EVERY_MS = 5_000;

/** People who ask for access, and people who have it. */
export function Access() {
  const { data, failure } = useLive(
    "access",
    async (signal) => {
      const [requests, grants] = await Promise.all([
        callApi<Page<AccessRequest>>("GET", "/access_requests?state=waiting&limit=100", { signal }),
        callApi<Page<AccessGrant>>("GET", "/access_grants?limit=100", { signal }),
      ]);
      return { requests, grants };
    },
    EVERY_MS,
  );
  return (
    <div class="page">
      <header class="page-head">
        <h2>Access</h2>
      </header>
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      {data === null && failure === null && <p class="empty">Loading…</p>}
      {data !== null && (
        <>
          <section class="card" aria-label="Waiting">
            <h3>
              They ask to be let in <span class="number">{data.requests.meta.total}</span>
            </h3>
            {data.requests.data.length === 0 && <p class="empty small">Nobody waits.</p>}
            <ul class="troubles">
              {data.requests.data.map((request) => (
                <Request key={request.id} request={request} />
              ))}
            </ul>
          </section>
          <section class="card" aria-label="Let in">
            <h3>
              They were let in <span class="number">{data.grants.meta.total}</span>
            </h3>
            {data.grants.data.length === 0 && <p class="empty small">Nobody yet.</p>}
            <ul class="troubles">
              {data.grants.data.map((grant) => (
                <Grant key={grant.id} grant={grant} />
              ))}
            </ul>
          </section>
        </>
      )}
    </div>
  );
}

function Request({ request }: { request: AccessRequest }) {
  const name = request.name ?? request.identifier;
  return (
    <li>
      <p class="reason" dir="auto">
        {name}
        {request.code !== null && <code>{request.code}</code>}
      </p>
      <p class="quoted" dir="auto">
        {request.text}
      </p>
      <p class="facts">
        <ChannelBadge channel={request.channel} />
        <span>{request.identifier}</span>
        <Age at={request.requested_at} />
      </p>
      <CallButtons
        scope="access:write"
        of={name}
        calls={[
          { label: "Let in", method: "POST", path: `/access_requests/${request.id}/approve` },
          { label: "Refuse", method: "POST", path: `/access_requests/${request.id}/deny` },
        ]}
      />
    </li>
  );
}

function Grant({ grant }: { grant: AccessGrant }) {
  const name = grant.name ?? grant.identifier;
  return (
    <li>
      <p class="reason" dir="auto">
        {name}
      </p>
      <p class="facts">
        <ChannelBadge channel={grant.channel} />
        <span>{grant.identifier}</span>
        <span>
          let in by {grant.granted_by.name} ({grant.granted_by.via})
        </span>
        <Age at={grant.created_at} />
      </p>
      <CallButtons
        scope="access:write"
        of={name}
        calls={[{ label: "Take back", method: "DELETE", path: `/access_grants/${grant.id}` }]}
      />
    </li>
  );
}
