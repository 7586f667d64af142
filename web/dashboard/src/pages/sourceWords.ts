import type { BreakerState, CollectionKind, CredentialState, SourceCapability, SourceErrorCode, SourceState } from '../gql/graphql'

export const stateName: Record<SourceState, string> = { FRESH: 'Fresh', STALE: 'Stale', INCOMPLETE: 'Incomplete', MISSING: 'Missing' }

export const stateMeaning: Record<SourceState, string> = {
  FRESH: 'All data is as fresh as its source allows, or is being fetched again.',
  STALE: 'Older data is served, because the last fetch failed, is overdue, or lacked too many of the known records.',
  INCOMPLETE: 'Some data has not been fetched completely: a part is missing.',
  MISSING: 'Some data has never been fetched and is missing.',
}

export const collectionName: Record<CollectionKind, string> = {
  ACCOUNTS: 'Accounts',
  TEAMS: 'Teams',
  ROLES: 'Roles',
  CONTACTS: 'Contacts',
  CONTACT_FOLDERS: 'Folders',
}

/** What to do about an error. The server's own message comes before it. */
export const errorAdvice: Record<SourceErrorCode, string> = {
  UNAUTHORIZED: 'Get a new credential in the source, and set it in the configuration.',
  FORBIDDEN: 'Give the owner of the credential the right to see this in the source.',
  NOT_FOUND: 'Check the url of the source in the configuration.',
  INVALID_REQUEST: 'Run roster check, and report it if the configuration is right.',
  RATE_LIMITED: 'Wait: Roster tries again by itself. If it happens often, lower rate_limit of the source.',
  TIMEOUT: 'Wait: Roster tries again by itself. If it goes on, check whether the source is slow.',
  UNAVAILABLE: 'Wait: Roster tries again by itself. If it goes on, check whether the source can be reached from the server.',
  BAD_RESPONSE: 'Check whether something else answers in place of the source, such as a proxy.',
  SUSPICIOUS_LOSS: 'Check that the credential still has all rights. If the records are really gone, accept the loss.',
}

export const breakerText: Record<BreakerState, string> = {
  CLOSED: 'As usual.',
  OPEN: 'No calls for a while, because they kept failing. They fail at once until the next probe.',
  PROBING: 'One call probes whether the source works again.',
}

export const credentialText: Record<CredentialState, string> = {
  GOOD: 'Good.',
  EXPIRING: 'It ends soon.',
  EXPIRED: 'It has ended.',
  REFUSED: 'It cannot be renewed any more.',
}

/** What a source supports. Capabilities that are new in the graph have no text here: see capabilityName. */
const capabilities: Partial<Record<SourceCapability, string>> = {
  PRESENCE: 'presence',
  INVITE_USER: 'invitations',
  CREATE_TEAM: 'new teams',
  CREATE_CONTACT: 'new contacts',
  CREATE_CONTACT_FOLDER: 'new folders',
  TASK_SUBSCRIPTIONS: 'task subscriptions',
}

export const capabilityName = (capability: SourceCapability) => capabilities[capability] ?? capability.toLowerCase().replaceAll('_', ' ')
