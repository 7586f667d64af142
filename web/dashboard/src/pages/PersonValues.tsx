import type { ReactNode } from 'react'
import { graphql } from '../gql'
import type { FieldState, PersonValuesFragment } from '../gql/graphql'
import { Ago, Day } from '../parts/Ago'
import { Level } from '../parts/Level'
import { accountName, allOf, oneOf } from './accountNames'
import { absent, advice, choices, reasons, rules } from './truthWords'

graphql(`
  fragment PersonValues on User {
    accounts { id externalId username url active observedAt source { id name } }
    provenance {
      field
      state
      rule
      changedAt
      conflict
      account { id source { name } }
      candidates { account { id } value chosen reason }
      sources { state source { id name } }
    }
    attributes @include(if: $sensitive) { name type values account { id externalId source { name } } }
  }
`)

type Account = PersonValuesFragment['accounts'][number]
type Provenance = PersonValuesFragment['provenance'][number]
type Attribute = NonNullable<PersonValuesFragment['attributes']>[number]

const titles: Record<string, string> = {
  name: 'Name',
  firstName: 'First name',
  lastName: 'Last name',
  title: 'Title',
  department: 'Department',
  email: 'E-mail',
  emails: 'All addresses of e-mail',
  phones: 'Phones',
  addresses: 'Addresses',
  avatarUrl: 'Picture',
  locale: 'Language',
  active: 'Active',
  bot: 'Bot',
  createdAt: 'Since',
  teams: 'Teams',
  roles: 'Roles',
  accessLevel: 'Access',
}

/** A value of the graph, as the field's own type has it. */
function show(field: string, value: unknown): ReactNode {
  if (Array.isArray(value)) return [...new Set(value.map(plain))].join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = plain(value)
  if (field === 'createdAt') return <Day at={text} />
  if (field === 'accessLevel') return <Level level={text as Parameters<typeof Level>[0]['level']} />
  if (field === 'avatarUrl')
    return (
      <a href={text} rel="noreferrer" target="_blank" title={text}>
        picture ↗
      </a>
    )
  return text
}

/** A text, or the text of a phone number, a team or a role. */
function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '')
  const { name, raw } = value as { name?: unknown; raw?: unknown }
  return String(name ?? raw ?? JSON.stringify(value))
}

/** What the person has: the value of one account, or what the rule makes of all that count. */
function valueOf({ field, candidates }: Provenance): ReactNode {
  const chosen = candidates.filter((candidate) => candidate.chosen).map(({ value }) => value)
  return show(field, chosen.every(Array.isArray) ? chosen.flat() : chosen[0])
}

/** Why the person has no value, and what to do. */
function absence({ state, sources, candidates }: Provenance): string {
  const those = sources.filter((source) => source.state === state).map(({ source }) => source.name)
  const several = those.length > 1
  switch (state) {
    case 'EMPTY_AT_SOURCE': {
      if (candidates.length === 0) return `None. It can be entered in ${oneOf(those)}.`
      const why = [...new Set(candidates.map(({ reason }) => reason))]
      return [`None that counts: ${allOf(why.map((reason) => reasons[reason] ?? reason))}.`, ...why.map((reason) => advice[reason] ?? '')].join(' ').trim()
    }
    case 'NO_ACCOUNT':
      return `None. The person has no account in ${oneOf(those)}, where it would be.`
    case 'NOT_OFFERED':
      return 'None. Roster gets it from none of these systems.'
    case 'RESTRICTED':
      return `Not known. ${allOf(those)} ${several ? 'do' : 'does'} not show it to Roster. Whoever operates Roster can give ${several ? 'their credentials' : 'its credential'} the right.`
    case 'DENIED':
      return 'Your credential may not see it. Ask whoever operates Roster for the scope that it needs.'
    case 'UNAVAILABLE':
      return `Not known yet. ${allOf(those)} ${several ? 'have' : 'has'} not been read completely.`
    default:
      return state
  }
}

/** How the value was found: the rule, or the account that it comes from and why that one if there are others. */
function origin({ rule, account, candidates }: Provenance, accounts: Account[]): string {
  const from = accounts.find(({ id }) => id === account?.id)
  if (!from) return rules[rule] ?? ''
  const why = candidates.length > 1 ? choices[rule] : undefined
  return rules[rule] ?? `from ${accountName(from, accounts)}${why ? `: ${why}` : ''}`
}

/** Whether the accounts that contradict each other are of several sources. */
const ofSeveralSources = ({ candidates }: Provenance, accounts: Account[]) =>
  new Set(candidates.map((candidate) => accounts.find(({ id }) => id === candidate.account?.id)?.source.id)).size > 1

/** The accounts side by side: each value, the account that it comes from, and why there is none. */
export function Values({ user: { accounts, provenance, attributes } }: { user: PersonValuesFragment }) {
  const present = provenance.filter(({ state, candidates }) => state === 'PRESENT' || candidates.length > 0)
  const missing = provenance.filter((field) => !present.includes(field))
  return (
    <>
      <p className="note">
        The value that the person has is marked in each account that it comes from. Below it, the page says how it was chosen.
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-labelledby="accounts-title">
        <table className="compare truth">
          <thead>
            <tr>
              <td />
              <th scope="col">The person</th>
              {accounts.map((account) => (
                <th key={account.id} scope="col" data-account={account.id}>
                  <Head account={account} name={accountName(account, accounts)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {present.map((field) => (
              <Row key={field.field} field={field} accounts={accounts} />
            ))}
          </tbody>
          {attributes && attributes.length > 0 && (
            <tbody>
              {attributes.map((attribute) => (
                <AttributeRow key={attribute.name} attribute={attribute} accounts={accounts} />
              ))}
            </tbody>
          )}
          <tbody>
            <tr>
              <th scope="row">User name</th>
              <td />
              {accounts.map(({ id, username }) => (
                <td key={id}>{username}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">ID in the source</th>
              <td />
              {accounts.map(({ id, externalId }) => (
                <td key={id}>
                  <code>{externalId}</code>
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      {missing.length > 0 && (
        <>
          <h3>Without a value</h3>
          <ul className="plain missing">
            {missing.map((field) => (
              <li key={field.field} data-field={field.field} data-state={field.state}>
                {title(field)}: <span className="note">{absence(field)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

const title = ({ field }: Provenance) => titles[field] ?? field

const Head = ({ account: { url, active, observedAt }, name }: { account: Account; name: string }) => (
  <>
    {url ? (
      <a href={url} rel="noreferrer" target="_blank">
        {name} ↗
      </a>
    ) : (
      name
    )}
    {!active && <span className="tag off">inactive</span>}
    {observedAt && (
      <span className="note block">
        read <Ago at={observedAt} />
      </span>
    )}
  </>
)

function Row({ field, accounts }: { field: Provenance; accounts: Account[] }) {
  const { state, conflict, changedAt } = field
  return (
    <tr data-field={field.field} data-state={state} data-conflict={conflict ?? ''}>
      <th scope="row">{title(field)}</th>
      <td>
        {state === 'PRESENT' ? (
          <>
            <span className="value">{valueOf(field)}</span>
            <span className="note block">{origin(field, accounts)}</span>
            {changedAt && (
              <span className="note block">
                first read by Roster <Day at={changedAt} />
              </span>
            )}
          </>
        ) : (
          <span className="note">{absence(field)}</span>
        )}
        {conflict && <span className="tag conflict">{ofSeveralSources(field, accounts) ? 'The sources differ' : 'The accounts differ'}</span>}
      </td>
      {accounts.map((account) => (
        <Cell key={account.id} field={field} account={account} alone={accounts.filter(({ source }) => source.id === account.source.id).length === 1} />
      ))}
    </tr>
  )
}

/** A custom field. Of those, the graph names only the account whose value counts. */
function AttributeRow({ attribute: { name, type, values, account }, accounts }: { attribute: Attribute; accounts: Account[] }) {
  const from = accounts.find(({ id }) => id === account?.id)
  const value = type === 'DATE' ? <Day at={values[0] ?? null} /> : type === 'BOOLEAN' ? show(name, values[0] === 'true') : show(name, values)
  return (
    <tr data-attribute={name}>
      <th scope="row">{name}</th>
      <td>
        <span className="value">{value}</span>
        <span className="note block">{from ? `from ${accountName(from, accounts)}` : ''}</span>
      </td>
      {accounts.map(({ id }) => (
        <td key={id} className={id === account?.id ? 'chosen' : undefined}>
          {id === account?.id && (
            <>
              <span className="value">{value}</span>
              <span className="hidden"> (the person has this value)</span>
            </>
          )}
        </td>
      ))}
    </tr>
  )
}

/** What one account has for a field. The graph says why there is nothing of each source; of one with several accounts, that need not be true of this one. */
function Cell({ field, account, alone }: { field: Provenance; account: Account; alone: boolean }) {
  const candidate = field.candidates.find((candidate) => candidate.account?.id === account.id)
  if (!candidate) {
    const state: FieldState = field.sources.find(({ source }) => source.id === account.source.id)?.state ?? 'EMPTY_AT_SOURCE'
    const why = state === 'PRESENT' ? absent.EMPTY_AT_SOURCE : (absent[state] ?? state)
    return <td>{(alone || state === 'NOT_OFFERED') && <span className="note">{why}</span>}</td>
  }
  return (
    <td className={candidate.chosen ? 'chosen' : undefined}>
      <span className="value">{show(field.field, candidate.value)}</span>
      {candidate.chosen ? (
        <span className="hidden"> (the person has this value)</span>
      ) : (
        <span className="note block">{reasons[candidate.reason] ?? candidate.reason}</span>
      )}
    </td>
  )
}
