import type { ComponentChildren } from "preact";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { AccessGrant, AccessRequest, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { CallButtons } from "../shell/call-buttons.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";

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
      <PageHead title="Access" />
      <Problem>{failure}</Problem>
      {data === null && failure === null && <p class="empty">Loading…</p>}
      {data !== null && (
        <>
          <Listed label="Waiting" title="They ask to be let in" nobody="Nobody waits." page={data.requests}>
            {(request) => <Request key={request.id} request={request} />}
          </Listed>
          <Listed label="Let in" title="They were let in" nobody="Nobody yet." page={data.grants}>
            {(grant) => <Grant key={grant.id} grant={grant} />}
          </Listed>
        </>
      )}
    </div>
  );
}

function Listed<Row>(props: {
  label: string;
  title: string;
  nobody: string;
  page: Page<Row>;
  children: (row: Row) => ComponentChildren;
}) {
  const { label, title, nobody, page, children } = props;
  return (
    <section class="card" aria-label={label}>
      <h3>
        {title} <span class="number">{page.meta.total}</span>
      </h3>
      {page.data.length === 0 && <p class="empty small">{nobody}</p>}
      <ul class="troubles">{page.data.map(children)}</ul>
    </section>
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
