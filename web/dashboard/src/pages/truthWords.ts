import type { CandidateReason, EmailTrust, FieldRule, FieldState, HeldApartReason } from '../gql/graphql'

// The words of docs/truth.md and docs/identity.md. The graph may get new values, which are shown as they are.

export const trusts: Record<EmailTrust, string> = {
  VERIFIED: 'verified by the source',
  ASSERTED: 'entered by an administrator',
  NONE: 'nobody vouches for it',
}

/** Why there is no value, as a short text in the column of an account. */
export const absent: Record<Exclude<FieldState, 'PRESENT'>, string> = {
  EMPTY_AT_SOURCE: 'empty there',
  NO_ACCOUNT: 'no account there',
  NOT_OFFERED: 'not read from such a system',
  RESTRICTED: 'hidden from Roster',
  DENIED: 'needs another scope',
  UNAVAILABLE: 'not read yet',
}

/** How the value is found. Of the rules that take the value of one account, the account is named instead. */
export const rules: Partial<Record<FieldRule, string>> = {
  ANY: 'true if it is true of any account',
  ALL: 'true only if it is true of all accounts',
  HIGHEST: 'the highest of all active accounts',
  EARLIEST: 'the earliest of all accounts',
  UNION: 'what any of the accounts has',
}

/** Why the value of that account was taken, where several have one. */
export const choices: Partial<Record<FieldRule, string>> = {
  PRECEDENCE: 'it is the first in the order for this field',
  FALLBACK: 'a real name counts before a user name, then the order for this field',
}

/** Why the value of an account does not count. */
export const reasons: Partial<Record<CandidateReason, string>> = {
  LESS_PREFERRED: 'another source comes first',
  LESSER_KIND: 'another account has a real name',
  UNTRUSTED: 'the source does not vouch for the address',
  INACTIVE: 'the account is not active',
  OUTWEIGHED: 'another account decides',
}

/** What to do so that a value counts. */
export const advice: Partial<Record<CandidateReason, string>> = {
  UNTRUSTED: 'Have it verified there, or have whoever operates Roster trust the source.',
}

/** Why accounts that look alike are those of two people, and what to do if they are one. */
export const heldApart: Record<HeldApartReason, { why: string; advice: string }> = {
  SPLIT: { why: 'The operator has said that they are two people.', advice: 'remove the split' },
  SHARED_MAILBOX: { why: 'Several people use this address.', advice: 'link the accounts' },
  UNTRUSTED: { why: 'A source does not vouch for the address.', advice: 'have the address verified in the source, or link the accounts' },
  PLACEHOLDER: { why: 'More than 20 people have it, so it is nobody’s own.', advice: 'link the accounts, and remove the value in the source' },
  AMBIGUOUS: {
    why: 'Two accounts that cannot be one person have it, so it is not known whose it is.',
    advice: 'correct it in the source, or link the accounts',
  },
  CHAIN: {
    why: 'With other values it would join accounts that cannot be one person.',
    advice: 'look at the accounts of the others: one of the values is wrong',
  },
}
