import type { UserFilter } from '../gql/graphql'
import { peoplePage } from './peopleFilter'

/** A part of the access review: people with something that somebody should look at. */
export interface PeopleReview {
  id: string
  title: string
  /** What is in the list, and what to check. */
  note: string
  filter: UserFilter
  /** Whether the list says since when the people have left. */
  leavers?: boolean
  /** The table of the same people. */
  href: string
}

const admins = [{ active: true, accessLevels: ['ADMIN' as const, 'OWNER' as const], min: 2 }]

/**
 * Who is inactive in one source and active in another: a part for each source, because a filter of the graph cannot say that two accounts are
 * of different sources without their names. Two accounts of one source are no reason to look. Whoever is inactive in the authority is a leaver.
 */
const inactive = (source: string, others: string[]): PeopleReview => {
  const accounts = [
    { sources: [source], active: false },
    { sources: others, active: true },
  ]
  return {
    id: `inactive-${source}`,
    title: `Inactive in ${source}, active in another system`,
    note: 'Have they left? Then deactivate the other accounts too.',
    filter: { accounts },
    href: peoplePage({ accounts: JSON.stringify(accounts) }),
  }
}

const leavers = (authority: string): PeopleReview => ({
  id: 'leavers',
  title: `Gone in ${authority}, active in another system`,
  note: `${authority} decides who works here. Deactivate the other accounts of these people.`,
  filter: { leaver: true },
  leavers: true,
  href: peoplePage({ leaver: 'true' }),
})

/** The parts with people, for the sources of the server. */
export function reviewsOf(sources: { name: string; authority: boolean }[]): PeopleReview[] {
  const names = sources.map(({ name }) => name)
  const authority = sources.find(({ authority }) => authority)?.name
  const compared = names.length > 1 ? names.filter((name) => name !== authority) : []
  return [
    ...(authority ? [leavers(authority)] : []),
    ...compared.map((name) => inactive(name, names.filter((other) => other !== name))),
    ...others,
  ]
}

const others: PeopleReview[] = [
  {
    id: 'administrators',
    title: 'Administrators with several accounts',
    note: 'People with at least two active accounts of the level admin or owner. Do they need it in each system?',
    filter: { accounts: admins },
    href: peoplePage({ accounts: JSON.stringify(admins) }),
  },
  {
    id: 'single',
    title: 'Accounts without a person elsewhere',
    note: 'Active people with only one account, without bots. Who are they, and do they still need it?',
    filter: { active: true, bot: false, maxAccounts: 1 },
    href: peoplePage({ active: 'true', bot: 'false', maxAccounts: '1' }),
  },
  {
    id: 'unverified',
    title: 'No verified address',
    note: 'Active people without an address that a source vouches for, without bots. Have their address verified: then it joins their accounts.',
    filter: { active: true, bot: false, hasEmail: false },
    href: peoplePage({ active: 'true', bot: 'false', email: 'false' }),
  },
  {
    id: 'duplicates',
    title: 'Possible duplicates',
    note: 'Somebody else has the same address, and a source on one side does not vouch for it. Is it the same person, or does somebody use an address of another?',
    filter: { hasPossibleDuplicates: true },
    href: peoplePage({ duplicates: 'true' }),
  },
]
