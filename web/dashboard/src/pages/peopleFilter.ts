import type { AccountFilter, AccessLevel, UserFilter } from '../gql/graphql'

/** The filter of the graph that the parameters of an address mean. Each parameter has one name, here and in the links to the table. */
export function peopleFilter(params: URLSearchParams): UserFilter {
  const all = (name: string) => (params.has(name) ? params.getAll(name) : undefined)
  const flag = (name: string) => (params.has(name) ? params.get(name) === 'true' : undefined)
  const filter: UserFilter = {
    search: params.get('search') || undefined,
    active: flag('active'),
    bot: flag('bot'),
    sources: all('source'),
    allSources: all('in'),
    withoutSources: all('without'),
    departments: all('department'),
    accessLevels: all('level') as AccessLevel[] | undefined,
    teams: all('team'),
    roles: all('role'),
    locales: all('locale'),
    hasPossibleDuplicates: flag('duplicates'),
    leaver: flag('leaver'),
    hasEmail: flag('email'),
    hasDepartment: flag('hasDepartment'),
    createdAfter: params.get('createdAfter') || undefined,
    accounts: accounts(params.get('accounts')),
    maxAccounts: params.has('maxAccounts') ? Number(params.get('maxAccounts')) || undefined : undefined,
  }
  return JSON.parse(JSON.stringify(filter)) as UserFilter // without what is undefined, for links and exports
}

/** The filters of accounts are JSON in the address: each has several parts. */
function accounts(text: string | null): AccountFilter[] | undefined {
  if (!text) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) && parsed.every(isAccountFilter) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Whether a value from an address has the types of a filter of accounts. What else is wrong with it, the server says. */
function isAccountFilter(value: unknown): value is AccountFilter {
  if (typeof value !== 'object' || value === null) return false
  const { sources, active, accessLevels, min } = value as Record<string, unknown>
  const texts = (list: unknown) => list == null || (Array.isArray(list) && list.every((one) => typeof one === 'string'))
  return texts(sources) && texts(accessLevels) && (active == null || typeof active === 'boolean') && (min == null || typeof min === 'number')
}

export type PeopleParams = Record<string, string | string[]>

/** The address of the table with the people that parameters select. */
export function peoplePage(values: PeopleParams): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) for (const one of [value].flat()) params.append(name, one)
  return `/people?${params}`
}
