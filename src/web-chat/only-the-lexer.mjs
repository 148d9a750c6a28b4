/**
 * marked creates a parser and an HTML renderer while it loads, and bundlers cannot know that they are unused. Our pages
 * only read tokens and make no HTML, so this cuts the module off before them.
 */
export const onlyTheLexer = {
  name: "only-the-lexer",
  transform: {
    filter: { id: /marked\.esm\.js$/ },
    handler(code) {
      const [, lexer] = /(\w+) as Lexer\b/.exec(code) ?? [];
      const end = code.search(/var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse/);
      return lexer && end > 0 ? `${code.slice(0, end)}export{${lexer} as Lexer};` : null;
    },
  },
};
