/** Line drawings on a grid of 24. */
const PATHS = {
  file: "M8 12 13 7a2.5 2.5 0 0 1 4 4l-7 7a4 4 0 0 1-6-6l7-7",
  place: "M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11M12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  record: "M12 4v9M9 7v4a3 3 0 0 0 6 0V7a3 3 0 0 0-6 0M6 11a6 6 0 0 0 12 0M12 17v3",
  send: "M4 12h14M12 6l6 6-6 6",
} as const;

export type IconName = keyof typeof PATHS;

/** The drawing on a button. The button has the name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
