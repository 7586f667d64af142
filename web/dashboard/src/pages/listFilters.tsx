import type { Batch } from '../core/live'
import type { ChangeKind } from '../gql/graphql'
import { type Chip, Chips } from '../table/Chips'
import { FacetMenu } from '../table/FacetMenu'
import type { View } from '../table/view'

/** A filter of a list: a parameter of the address, and the values that the visitor can choose. */
export interface Choice {
  /** The parameter. */
  name: string
  title: string
  values: { value: string; label: string; count?: number }[]
  /** The text for a chosen value that is not among the values. */
  nameOf?(value: string): string
}

/** The menus of a list's filters, and what is chosen. */
export function ListFilters({ view, choices, most, onFind }: { view: View; choices: Choice[]; most?: number; onFind?(): void }) {
  const named = ({ values, nameOf }: Choice, value: string) => values.find((one) => one.value === value)?.label ?? nameOf?.(value) ?? value
  const chips = choices.flatMap((choice): Chip[] =>
    view.all(choice.name).map((value) => ({
      text: `${choice.title}: ${named(choice, value)}`,
      remove: { [choice.name]: view.all(choice.name).filter((other) => other !== value) },
    })),
  )
  return (
    <div className="filters">
      {choices.map((choice) => (
        <FacetMenu
          key={choice.name}
          title={choice.title}
          facets={choice.values}
          chosen={view.all(choice.name)}
          most={most}
          onFind={onFind}
          nameOf={(value) => named(choice, value)}
          onChange={(values) => view.set({ [choice.name]: values })}
        />
      ))}
      <Chips chips={chips} view={view} />
    </div>
  )
}

/** The values of a parameter; undefined without one, as a filter of the graph has it. */
export function values<T extends string>(view: View, name: string): T[] | undefined {
  const all = view.all(name) as T[]
  return all.length > 0 ? all : undefined
}

/** The sources as values to choose from. */
export const sourceValues = (sources: { name: string }[]) => sources.map(({ name }) => ({ value: name, label: name }))

/** The values of an enum as values to choose from: COMPANY becomes Company. */
export const enumValues = (all: string[]) => all.map((value) => ({ value, label: enumName(value) }))

export const enumName = (value: string) => (value.charAt(0) + value.slice(1).toLowerCase()).replaceAll('_', ' ')

/** Whether a batch has changes of these kinds, or of a source: whether a list is complete changes with its sources. */
export const changesOf =
  (...kinds: ChangeKind[]) =>
  ({ changes, all }: Batch) =>
    all || changes.some(({ kind }) => kind === 'SOURCE' || kinds.includes(kind))
