import { useNames } from "../live/names.ts";
import { Choice } from "./choice.tsx";

/** The choices of a channel and an agent above a list. An empty value means all. */
export function FilterChoices(props: {
  channel: string;
  agent: string;
  onChange: (change: { channel?: string; agent?: string }) => void;
}) {
  const { channel, agent, onChange } = props;
  const { channels, agents } = useNames();
  return (
    <>
      <Choice
        inline
        label="Channel"
        all="All"
        value={channel}
        onChange={(value) => onChange({ channel: value })}
      >
        {channels.map(({ name }) => [name, name])}
      </Choice>
      <Choice inline label="Agent" all="All" value={agent} onChange={(value) => onChange({ agent: value })}>
        {agents.map(({ slug, name }) => [slug, name])}
      </Choice>
    </>
  );
}
