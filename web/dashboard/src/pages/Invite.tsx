import { type FormEvent, useRef, useState } from 'react'
import { client, messageOf } from '../core/client'
import { graphql } from '../gql'
import type { InviteMutation } from '../gql/graphql'

const inviteMutation = graphql(`
  mutation Invite($input: InviteUserInput!) {
    inviteUser(input: $input) {
      outcome
      wouldSend
      account { id name user { id } }
      userErrors { field message code }
    }
  }
`)

type Result = NonNullable<InviteMutation['inviteUser']>

const outcomes: Record<Result['outcome'], string> = {
  DONE: 'The source has sent the invitation.',
  ALREADY_DONE: 'The source has this person already. Nothing changed.',
  CHECKED: 'The input has no fault. Nothing was sent.',
  REJECTED: 'Nothing was sent.',
  UNKNOWN: 'The source gave no clear answer. Press Invite again: it does not invite twice.',
}

const field = (form: FormData, name: string) => (form.get(name) as string).trim() || undefined

// crypto.randomUUID is missing on pages that come by HTTP from another computer.
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Invites a person into a source. A rehearsal checks the input and sends nothing. */
export function Invite({ sources }: { sources: string[] }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const sent = useRef({ input: '', key: '' })
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<Result | null>(null)
  const [fault, setFault] = useState('')

  const open = () => {
    setResult(null)
    setFault('')
    dialog.current?.showModal()
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const dryRun = ((event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null)?.value !== 'invite'
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFault('')
    const person = {
      source: field(form, 'source') ?? '',
      email: field(form, 'email') ?? '',
      firstName: field(form, 'firstName'),
      lastName: field(form, 'lastName'),
      title: field(form, 'title'),
      department: field(form, 'department'),
    }
    // The same person with the same key is not invited twice, and another person needs another key.
    const input = JSON.stringify(person)
    if (!dryRun && sent.current.input !== input) sent.current = { input, key: newKey() }
    const { data, error } = await client
      .mutation(inviteMutation, { input: { ...person, dryRun, idempotencyKey: dryRun ? undefined : sent.current.key } })
      .toPromise()
    if (data?.inviteUser?.outcome === 'REJECTED') sent.current = { input: '', key: '' }
    setBusy(false)
    setResult(data?.inviteUser ?? null)
    setFault(error ? messageOf(error) : '')
  }

  return (
    <>
      <button onClick={open} aria-haspopup="dialog">
        Invite
      </button>
      <dialog className="dialog" aria-labelledby="invite-title" ref={dialog}>
        <form onSubmit={(event) => void submit(event)}>
          <h2 id="invite-title">Invite a person</h2>
          <label>
            Source
            <select name="source">
              {sources.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            E-mail address
            <input name="email" type="email" required autoComplete="off" />
          </label>
          <div className="pair">
            <label>
              First name
              <input name="firstName" autoComplete="off" />
            </label>
            <label>
              Last name
              <input name="lastName" autoComplete="off" />
            </label>
          </div>
          <div className="pair">
            <label>
              Title
              <input name="title" autoComplete="off" />
            </label>
            <label>
              Department
              <input name="department" autoComplete="off" />
            </label>
          </div>
          <div role="status">
            {result && (
              <>
                <p className="outcome">{outcomes[result.outcome]}</p>
                {result.userErrors.map(({ field: path, message }) => (
                  <p key={message} className="fault">
                    {path ? `${path.join('.')}: ` : ''}
                    {message}
                  </p>
                ))}
                {result.wouldSend != null && (
                  <details>
                    <summary>What the source would get</summary>
                    <pre>{JSON.stringify(result.wouldSend, null, 2)}</pre>
                  </details>
                )}
              </>
            )}
            {fault && <p className="fault">{fault}</p>}
          </div>
          <div className="buttons">
            <button type="submit" value="rehearse" disabled={busy}>
              Rehearse
            </button>
            <button type="submit" value="invite" className="primary" disabled={busy}>
              Invite
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </div>
          <p className="note">Rehearse checks the input and sends nothing. Invite lets the source send a message to the person.</p>
        </form>
      </dialog>
    </>
  )
}
