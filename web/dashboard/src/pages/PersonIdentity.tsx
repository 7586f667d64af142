import { Link } from 'wouter'
import { graphql } from '../gql'
import type { HeldApartFragment, PersonIdentityFragment } from '../gql/graphql'
import { accountsText } from './accountNames'
import { personPage } from './People'
import { heldApart, trusts } from './truthWords'

graphql(`
  fragment PersonIdentity on User {
    id
    formerIds
    identity {
      links(first: 100) {
        rule
        evidence
        anchorValue @include(if: $sensitive)
        trust
        edit
        accounts { id externalId source { name } }
      }
      heldApart(first: 100) { ...HeldApart }
      heldApartByAnchor @include(if: $sensitive) { ...HeldApart }
    }
  }
  fragment HeldApart on HeldApart {
    account { id externalId source { name } user { id name } }
    rule
    evidence
    anchorValue
    trust
    reason
    people
    edit
  }
`)

type Joined = PersonIdentityFragment['identity']['links'][number]

/** Why the accounts are one person, and why accounts of others that look alike are not. */
export function Identity({ user: { identity, formerIds } }: { user: PersonIdentityFragment }) {
  const apart = [...identity.heldApart, ...(identity.heldApartByAnchor ?? [])]
  return (
    <div className="panels">
      <section className="panel" aria-labelledby="identity-title">
        <h2 id="identity-title">Why these accounts are one person</h2>
        <ul className="plain" data-identity="links">
          {identity.links.map((link, i) => (
            <li key={i} data-rule={link.rule}>
              <Reason link={link} />
            </li>
          ))}
          {identity.links.length === 0 && <li className="note">There is only one account.</li>}
        </ul>
        {formerIds.length > 0 && (
          <p className="note">
            Before an edit of the operator, the person had {formerIds.length === 1 ? 'the ID' : 'the IDs'} {formerIds.join(', ')}. Links with{' '}
            {formerIds.length === 1 ? 'it' : 'them'} lead here.
          </p>
        )}
      </section>
      <section className="panel" aria-labelledby="duplicates-title">
        <h2 id="duplicates-title">Possible duplicates</h2>
        <p className="note">Accounts of other people with the same address or number, and why they are not joined.</p>
        <ul className="plain" data-identity="apart">
          {apart.map((other) => (
            <li key={other.account.id + other.evidence} data-reason={other.reason}>
              <Other other={other} />
            </li>
          ))}
          {apart.length === 0 && <li className="note">None.</li>}
        </ul>
      </section>
    </div>
  )
}

function Reason({ link: { rule, evidence, anchorValue, trust, edit, accounts } }: { link: Joined }) {
  const those = accountsText(accounts)
  switch (rule) {
    case 'LINKED_BY_OPERATOR':
      return (
        <>
          {those}: the operator has linked them
          <span className="note block">{edit ? `by the edit ${edit}` : 'in the configuration'}</span>
        </>
      )
    case 'SAME_ANCHOR':
      return (
        <>
          {those}: the same {evidence}
          {anchorValue && `, ${anchorValue}`}
        </>
      )
    case 'SAME_EMAIL':
      return (
        <>
          {those}: the same address {evidence}
          {trust && <span className="note block">{trust === 'ASSERTED' ? 'in at least one source ' : ''}{trusts[trust] ?? trust}</span>}
        </>
      )
    default:
      return `${those}: ${rule} ${evidence ?? ''}`
  }
}

function Other({ other: { account, rule, evidence, anchorValue, reason, people, edit } }: { other: HeldApartFragment }) {
  const words = heldApart[reason]
  return (
    <>
      <Link href={personPage(account.user.id)}>{account.user.name}</Link>, {account.source.name} <code>{account.externalId}</code>: the same{' '}
      {rule === 'SAME_EMAIL' ? 'address ' : ''}
      {evidence}
      {anchorValue && `, ${anchorValue}`}
      <span className="note block">
        {words?.why ?? reason} {people > 2 && `${people > 20 ? 'More than 20' : people} people have it. `}
        {edit && `The edit is ${edit}. `}
        {words && `If they are one person, ${words.advice}.`}
      </span>
    </>
  )
}
