import { Component, type ComponentChild, type FunctionComponent } from "preact";

/** A component that is drawn again only if one of its properties changes. */
export function memo<Props extends object>(view: FunctionComponent<Props>): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before = this.props as Props;
      const names = Object.keys({ ...before, ...next }) as (keyof Props)[];
      return names.some((name) => before[name] !== next[name]);
    }

    override render(props: Props): ComponentChild {
      return view(props);
    }
  }
  return Memo as unknown as FunctionComponent<Props>;
}
