import type { View } from './view'

export interface Chip {
  text: string
  /** The parameters of the address without this filter. */
  remove: Record<string, string | string[]>
}

/** Shows the filters of a view, each with a button that removes it. */
export function Chips({ chips, view }: { chips: Chip[]; view: View }) {
  if (chips.length === 0) return null
  const none = Object.assign({}, ...chips.map(({ remove }) => Object.fromEntries(Object.keys(remove).map((name) => [name, ''])))) as Record<string, string>
  return (
    <ul className="chips" aria-label="Filters">
      {chips.map(({ text, remove }) => (
        <li key={text}>
          <button onClick={() => view.set(remove)} aria-label={`Remove the filter ${text}`}>
            {text} <span aria-hidden="true">✕</span>
          </button>
        </li>
      ))}
      <li>
        <button onClick={() => view.set(none)}>Remove all</button>
      </li>
    </ul>
  )
}
