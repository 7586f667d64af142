import { applyEdits, format } from 'jsonc-parser'

// Stands in for the two parts of prettier that GraphiQL formats variables and headers with: half a megabyte for what
// jsonc-parser, which is in the page anyway, does as well. It is a plugin of prettier: the parser hands the text on as it is.
const name = 'jsonc-text'

export const parsers = {
  jsonc: { parse: (text) => ({ text }), astFormat: name, locStart: () => 0, locEnd: ({ text }) => text.length },
}

export const printers = {
  [name]: {
    print({ node: { text } }) {
      return applyEdits(text, format(text, undefined, { tabSize: 2, insertSpaces: true, eol: '\n' }))
    },
  },
}
