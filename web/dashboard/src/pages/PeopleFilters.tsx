import { useState } from 'react'
import { useLiveQuery } from '../core/useLiveQuery'
import { graphql } from '../gql'
import type { UserFilter } from '../gql/graphql'
import { FacetMenu, manyValues, someValues } from '../table/FacetMenu'
import { Chips } from '../table/Chips'
import type { View } from '../table/view'

// The counts beside a filter's values are those with all other filters.
const facetsQuery = graphql(`
  query PeopleFacets($source: UserFilter, $level: UserFilter, $department: UserFilter, $team: UserFilter, $role: UserFilter, $active: UserFilter, $most: Int!) {
    source: users(first: 0, filter: $source) { facets(by: SOURCE) { value label count } }
    level: users(first: 0, filter: $level) { facets(by: ACCESS_LEVEL) { value label count } }
    department: users(first: 0, filter: $department) { facets(by: DEPARTMENT, first: $most) { value label count } }
    team: users(first: 0, filter: $team) { facets(by: TEAM, first: $most) { value label count } }
    role: users(first: 0, filter: $role) { facets(by: ROLE, first: $most) { value label count } }
    active: users(first: 0, filter: $active) { facets(by: ACTIVE) { value label count } }
  }
`)

const namesQuery = graphql(`
  query FilterNames($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id ... on Team { name } ... on Role { name } }
  }
`)

/** The filters: the facets' parameter in the address, and the field of the filter. */
const facets = [
  ['source', 'Source', 'sources'],
  ['level', 'Access level', 'accessLevels'],
  ['department', 'Department', 'departments'],
  ['team', 'Team', 'teams'],
  ['role', 'Role', 'roles'],
  ['active', 'Status', 'active'],
] as const

const statuses: Record<string, string> = { true: 'Active', false: 'Inactive' }

/** Narrows the people, by the values that they have, and shows what narrows them. */
export function PeopleFilters({ view, filter }: { view: View; filter: UserFilter }) {
  const without = (field: keyof UserFilter) => ({ ...filter, [field]: undefined })
  const [most, setMost] = useState(someValues)
  const variables = { ...Object.fromEntries(facets.map(([name, , field]) => [name, without(field)])), most }
  const { data } = useLiveQuery(facetsQuery, variables)
  const ids = [...view.all('team'), ...view.all('role')].slice(0, 100)
  const chosen = useLiveQuery(namesQuery, { ids }, () => false)
  const named = new Map<string, string>()
  for (const node of chosen.data?.nodes ?? []) if (node && 'name' in node) named.set(node.id, node.name)

  const chips = [
    ...facets.flatMap(([name, title]) =>
      view.all(name).map((value) => ({
        text: `${title}: ${name === 'active' ? (statuses[value] ?? value) : (named.get(value) ?? label(value, name))}`,
        remove: { [name]: view.all(name).filter((other) => other !== value) },
      })),
    ),
    ...only(view, 'in', (value) => `In ${value}`),
    ...only(view, 'without', (value) => `Not in ${value}`),
    ...flag(view, 'bot', 'Bots', 'No bots'),
    ...flag(view, 'duplicates', 'Has possible duplicates', 'No possible duplicates'),
    ...flag(view, 'leaver', 'Has left, and still has active accounts', 'Has not left'),
    ...flag(view, 'email', 'Has an address', 'No address'),
    ...flag(view, 'hasDepartment', 'Has a department', 'No department'),
    ...only(view, 'locale', (value) => `Language: ${value}`),
    ...only(view, 'createdAfter', (value) => `Since ${value.slice(0, 10)}`),
    ...only(view, 'accounts', () => accountsText(filter)),
    ...only(view, 'maxAccounts', (value) => (value === '1' ? 'Has only one account' : `Has at most ${value} accounts`)),
  ]

  return (
    <div className="filters">
      {facets.map(([name, title]) => (
        <FacetMenu
          key={name}
          title={title}
          facets={(data?.[name]?.facets ?? []).map((facet) => (name === 'active' ? { ...facet, label: statuses[facet.value] ?? facet.label } : facet))}
          chosen={view.all(name)}
          single={name === 'active'}
          most={most}
          onFind={() => setMost(manyValues)}
          nameOf={(value) => named.get(value) ?? label(value, name)}
          onChange={(values) => view.set({ [name]: values })}
        />
      ))}
      <Chips chips={chips} view={view} />
    </div>
  )
}

const label = (value: string, name: string) => (name === 'level' ? value.charAt(0) + value.slice(1).toLowerCase() : value)

const only = (view: View, name: string, text: (value: string) => string) =>
  view.all(name).map((value) => ({ text: text(value), remove: { [name]: view.all(name).filter((other) => other !== value) } }))

const flag = (view: View, name: string, yes: string, no: string) => only(view, name, (value) => (value === 'true' ? yes : no))

/** A filter of accounts in words. */
function accountsText({ accounts }: UserFilter): string {
  return (accounts ?? [])
    .map(({ sources, active, accessLevels, min }) =>
      [
        `has ${min && min > 1 ? `at least ${min} accounts` : 'an account'}`,
        sources?.length ? `in ${sources.join(' or ')}` : '',
        active === true ? 'that is active' : active === false ? 'that is not active' : '',
        accessLevels?.length ? `with the level ${accessLevels.join(' or ').toLowerCase()}` : '',
      ]
        .filter(Boolean)
        .join(' '),
    )
    .join(', and ')
}
