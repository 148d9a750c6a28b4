/** A list to choose one value from. Children are pairs of value and name. */
export function Choice(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: readonly (readonly [value: string, name: string])[];
  /** The name of the empty value, which is the first one; absent: there is none. */
  all?: string;
  /** The label stands beside the list. Default: above it. */
  inline?: boolean;
}) {
  const { label, value, onChange, all, inline = false } = props;
  const options = all === undefined ? props.children : [["", all] as const, ...props.children];
  return (
    <label class={inline ? "field inline" : "field"}>
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
