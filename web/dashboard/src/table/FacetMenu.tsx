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
}

/** How many values the pages ask for. */
const most = 50

/** Chooses values of a filter, with the number of items that have each. */
export function FacetMenu({ title, facets, chosen, single = false, nameOf, onChange }: Props) {
  const others = chosen.filter((value) => !facets.some((facet) => facet.value === value))
  const all = [...others.map((value) => ({ value, label: nameOf(value), count: undefined })), ...facets]
  const toggle = (value: string) => {
    if (chosen.includes(value)) onChange(chosen.filter((other) => other !== value))
    else onChange(single ? [value] : [...chosen, value])
  }
  return (
    <Menu title={chosen.length > 0 ? `${title} (${chosen.length})` : title}>
      {all.length === 0 && <p>No values.</p>}
      {all.map(({ value, label, count }) => (
        <label key={value} className="choice">
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <span className="choice-label">{label}</span>
          <span className="choice-count">{count?.toLocaleString('en')}</span>
        </label>
      ))}
      {facets.length >= most && <p className="note">Only the {most} values with the most items are listed.</p>}
    </Menu>
  )
}
