import { useRef, useState } from 'react'
import { client, messageOf } from '../core/client'
import { graphql } from '../gql'
import type { RefreshSourceInput, RefreshSourceMutation } from '../gql/graphql'
import { Ago } from '../parts/Ago'
import type { Source } from './Sources'

const refreshMutation = graphql(`
  mutation RefreshSource($input: RefreshSourceInput!) {
    refreshSource(input: $input) {
      outcome
      startsAt
      userErrors { message }
    }
  }
`)

type Payload = NonNullable<RefreshSourceMutation['refreshSource']>

/** Fetches a source again, for callers who may. A loss is accepted, and a pause ended, only after a question. */
export function RefreshSource({ source, onRefreshed }: { source: Source; onRefreshed(): void }) {
  const [busy, setBusy] = useState(false)
  const [payload, setPayload] = useState<Payload | null>(null)
  const [fault, setFault] = useState('')
  const dialog = useRef<HTMLDialogElement>(null)
  const [asked, setAsked] = useState<'force' | 'acceptLoss'>('force')

  const send = async (more: Partial<RefreshSourceInput> = {}) => {
    dialog.current?.close()
    setBusy(true)
    const { data, error } = await client.mutation(refreshMutation, { input: { source: source.name, ...more } }).toPromise()
    setPayload(data?.refreshSource ?? null)
    setFault(error ? messageOf(error) : '')
    setBusy(false)
    onRefreshed()
  }
  const ask = (what: typeof asked) => {
    setAsked(what)
    dialog.current?.showModal()
  }
  const lost = source.collections.reduce((sum, { loss }) => sum + (loss?.lost ?? 0), 0)

  return (
    <>
      <button onClick={() => void send()} disabled={busy} aria-label={`Fetch again: ${source.name}`}>
        {busy ? 'Sending …' : 'Fetch again'}
      </button>
      {(source.pause !== null || source.breaker !== 'CLOSED') && <button onClick={() => ask('force')}>End the pause …</button>}
      {lost > 0 && <button onClick={() => ask('acceptLoss')}>Accept the loss …</button>}
      <span role="status" className="note refresh">
        {fault || (payload && <Outcome payload={payload} />)}
      </span>
      <dialog className="dialog" ref={dialog} aria-labelledby={`refresh-${source.name}`}>
        <h2 id={`refresh-${source.name}`}>{asked === 'force' ? `End the pause of ${source.name}?` : `Accept the loss of ${lost.toLocaleString('en')} records?`}</h2>
        <p>
          {asked === 'force'
            ? 'Roster fetches as soon as the rate limits allow. The source may ask for another pause.'
            : `Roster then serves what ${source.name} shows now. Records that are missing there are gone.`}
        </p>
        <div className="buttons">
          <button className="primary" onClick={() => void send({ [asked]: true })}>
            {asked === 'force' ? 'End the pause and fetch' : 'Accept the loss'}
          </button>
          <button onClick={() => dialog.current?.close()}>Cancel</button>
        </div>
      </dialog>
    </>
  )
}

function Outcome({ payload: { outcome, startsAt, userErrors } }: { payload: Payload }) {
  if (userErrors.length > 0) return <>{userErrors.map(({ message }) => message).join(' ')}</>
  if (outcome === 'ALREADY_DONE') return <>It was fetched so recently that its limits forbid another fetch.</>
  const later = startsAt !== null && Date.parse(startsAt) > Date.now()
  return later ? <>The fetch begins <Ago at={startsAt} />.</> : <>The fetch has begun, or begins now.</>
}
