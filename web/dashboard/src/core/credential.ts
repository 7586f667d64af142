import { stored } from './paths'
import { shared } from './state'

// The playground keeps it in the same place. It is kept until the browser's tab is closed, and sent to this server only.
const key = `${stored}credential`

/** The visitor's API key or token; '' for none. */
export const credential = shared(sessionStorage.getItem(key) ?? '')

/** Whether the dialog for the credential is open. The server's message says why, if the server asked for one. */
export const asking = shared({ open: false, message: '' })

export function keep(value: string) {
  if (value === '') sessionStorage.removeItem(key)
  else sessionStorage.setItem(key, value)
  credential.set(value)
}

/** What the visitor means who types or pastes a credential: with or without the word before it in the header. */
export const read = (text: string) => text.trim().replace(/^(authorization:\s*)?bearer\s+/i, '')

/** Whether a header can have it: visible ASCII, and no space. */
export const valid = (value: string) => /^[\x21-\x7e]*$/.test(value)

export const authorization = (): Record<string, string> =>
  credential.get() === '' ? {} : { Authorization: `Bearer ${credential.get()}` }
