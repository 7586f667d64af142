import { useState } from 'react'
import { Menu } from '../parts/Menu'

interface Props {
  title: string
  facets: { value: string; label: string; count?: number }[]
  chosen: string[]
  /** Whether at most one value can be chosen. */
  single?: boolean
  /** The text for a chosen value that is not among the facets. */
  nameOf(value: string): string
  onChange(values: string[]): void
  /** How many values the page has asked for: there may be more. */
  most?: number
  /** Called when the visitor looks for a value, so that the page can ask for more of them. */
  onFind?(): void
}

/** How many values a page asks for at first, and when the visitor looks for one: the most that the server gives. */
export const someValues = 50
export const manyValues = 500

/** A menu with so many values has a field to find one. */
const long = 12

/** Chooses values of a filter, with the number of items that have each. */
export function FacetMenu({ title, facets, chosen, single = false, nameOf, onChange, most = Infinity, onFind }: Props) {
  const [text, setText] = useState('')
  const others = chosen.filter((value) => !facets.some((facet) => facet.value === value))
  const all = [...others.map((value) => ({ value, label: nameOf(value), count: undefined })), ...facets]
  const found = all.filter(({ label }) => plain(label).includes(plain(text)))
  const toggle = (value: string) => {
    if (chosen.includes(value)) onChange(chosen.filter((other) => other !== value))
    else onChange(single ? [value] : [...chosen, value])
  }
  return (
    <Menu title={chosen.length > 0 ? `${title} (${chosen.length})` : title}>
      {(all.length >= long || text !== '') && (
        <input
          type="search"
          className="find"
          aria-label={`Find in ${title.toLowerCase()}`}
          placeholder="Find"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            onFind?.()
          }}
        />
      )}
      <div role="status">{found.length === 0 && <p>No values.</p>}</div>
      {found.map(({ value, label, count }) => (
        <label key={value} className="choice">
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <span className="choice-label">{label}</span>
          <span className="choice-count">{count?.toLocaleString('en')}</span>
        </label>
      ))}
      {facets.length >= most && (
        <p className="note">
          These are {text === '' ? '' : 'of '}the {most} values with the most items. {most < manyValues ? 'Find looks at more.' : 'There may be more.'}
        </p>
      )}
    </Menu>
  )
}

/** A text without letter case and accents. */
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
