/** Drawn for the console, on a grid of 24, beside the icons of the chat. */
const PATHS = {
  search: "M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13M15.5 15.5L20 20",
  back: "M14 6l-6 6 6 6",
  fold: "M7 10l5 5 5-5",
} as const;

/** Decoration only: the element around it has the label. */
export function Glyph({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
