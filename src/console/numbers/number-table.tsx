/** Rows of numbers. The first cell of a row is its name. A wide table scrolls by itself. */
export function NumberTable(props: {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly [name: string, ...numbers: number[]])[];
}) {
  const { title, columns, rows } = props;
  return (
    <div class="scrolls" tabIndex={0} role="group" aria-label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...numbers]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {numbers.map((number, index) => (
                <td key={columns[index + 1]}>{number}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
