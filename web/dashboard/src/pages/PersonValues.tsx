import type { ReactNode } from 'react'
import { graphql } from '../gql'
import type { FieldState, PersonValuesFragment } from '../gql/graphql'
import { Ago, Day } from '../parts/Ago'
import { Level } from '../parts/Level'
import { absent, reasons, rules } from './truthWords'

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
  }
`)

type Account = PersonValuesFragment['accounts'][number]
type Provenance = PersonValuesFragment['provenance'][number]

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

const names = (sources: { source: { name: string } }[]) => sources.map(({ source }) => source.name).join(', ')

/** Why the person has no value, and what to do. */
function absence({ state, sources }: Provenance): string {
  const those = names(sources.filter((source) => source.state === state))
  switch (state) {
    case 'EMPTY_AT_SOURCE':
      return `None. It can be entered in ${those}.`
    case 'NO_ACCOUNT':
      return `None. The person has no account in ${those}, where it would be.`
    case 'NOT_OFFERED':
      return 'None. Roster gets it from none of these systems.'
    case 'RESTRICTED':
      return `Not known. ${those} does not show it to Roster. Whoever operates Roster can give its credential the right.`
    case 'DENIED':
      return 'Your credential may not see it. Ask for the scope directory:sensitive.'
    case 'UNAVAILABLE':
      return `Not known yet. ${those} has not been read completely.`
    default:
      return state
  }
}

/** The accounts side by side: each value, the account that it comes from, and why there is none. */
export function Values({ user: { accounts, provenance } }: { user: PersonValuesFragment }) {
  const present = provenance.filter(({ state, candidates }) => state === 'PRESENT' || candidates.length > 0)
  const missing = provenance.filter((field) => !present.includes(field))
  return (
    <>
      <p className="note">
        The value that the person has is marked in each account that it comes from. Where accounts contradict each other, the value of the first source in the
        configured order counts.
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-labelledby="accounts-title">
        <table className="compare truth">
          <thead>
            <tr>
              <td />
              <th scope="col">The person</th>
              {accounts.map((account) => (
                <th key={account.id} scope="col" data-account={account.source.name}>
                  <Head account={account} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {present.map((field) => (
              <Row key={field.field} field={field} accounts={accounts} />
            ))}
          </tbody>
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

const Head = ({ account: { url, active, observedAt, source } }: { account: Account }) => (
  <>
    {url ? (
      <a href={url} rel="noreferrer" target="_blank">
        {source.name} ↗
      </a>
    ) : (
      source.name
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
  const { state, rule, account, conflict, changedAt } = field
  return (
    <tr data-field={field.field} data-state={state} data-conflict={conflict ?? ''}>
      <th scope="row">{title(field)}</th>
      <td>
        {state === 'PRESENT' ? (
          <>
            {valueOf(field)}
            <span className="note block">{rules[rule] ?? (account ? `from ${account.source.name}` : '')}</span>
            {changedAt && (
              <span className="note block" title="When Roster first read the present value.">
                first read <Day at={changedAt} />
              </span>
            )}
          </>
        ) : (
          <span className="note">{absence(field)}</span>
        )}
        {conflict && <span className="tag conflict">The sources differ</span>}
      </td>
      {accounts.map((account) => (
        <Cell key={account.id} field={field} account={account} />
      ))}
    </tr>
  )
}

/** What one account has for a field. */
function Cell({ field, account }: { field: Provenance; account: Account }) {
  const candidate = field.candidates.find((candidate) => candidate.account?.id === account.id)
  if (!candidate) {
    const state: FieldState = field.sources.find(({ source }) => source.id === account.source.id)?.state ?? 'EMPTY_AT_SOURCE'
    return (
      <td>
        <span className="note">{state === 'PRESENT' ? absent.EMPTY_AT_SOURCE : (absent[state] ?? state)}</span>
      </td>
    )
  }
  return (
    <td className={candidate.chosen ? 'chosen' : undefined}>
      {show(field.field, candidate.value)}
      {candidate.chosen ? (
        <span className="hidden"> (the person has this value)</span>
      ) : (
        <span className="note block">{reasons[candidate.reason] ?? candidate.reason}</span>
      )}
    </td>
  )
}
