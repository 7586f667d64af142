import type { UserFilter } from '../gql/graphql'
import { peoplePage } from './peopleFilter'

/** A part of the access review: people with something that somebody should look at. */
export interface PeopleReview {
  id: string
  title: string
  /** What is in the list, and what to check. */
  note: string
  filter: UserFilter
  /** The table of the same people. */
  href: string
}

const admins = [{ active: true, accessLevels: ['ADMIN' as const, 'OWNER' as const], min: 2 }]

/**
 * Who is inactive in one source and active in another: a part for each source, because a filter of the graph cannot say that two accounts are
 * of different sources without their names. Two accounts of one source are no reason to look.
 */
const inactive = (sources: string[]): PeopleReview[] =>
  sources.length < 2
    ? []
    : sources.map((source) => {
        const accounts = [
          { sources: [source], active: false },
          { sources: sources.filter((other) => other !== source), active: true },
        ]
        return {
          id: `inactive-${source}`,
          title: `Inactive in ${source}, active in another system`,
          note: 'Have they left? Then deactivate the other accounts too.',
          filter: { accounts },
          href: peoplePage({ accounts: JSON.stringify(accounts) }),
        }
      })

/** The parts with people, for the sources of the server. */
export const reviewsOf = (sources: string[]): PeopleReview[] => [...inactive(sources), ...others]

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
