import { useState } from 'react'
import { asking, authorization } from '../core/credential'
import { exportFile } from '../core/paths'

interface Props {
  list: string
  params: { filter?: unknown; orderBy?: unknown; columns: string[] }
}

/** The parameters of a CSV file: the same filter and order as on the page. */
function search({ filter, orderBy, columns }: Props['params']): URLSearchParams {
  const params = new URLSearchParams()
  if (filter) params.set('filter', JSON.stringify(filter))
  if (orderBy) params.set('orderBy', JSON.stringify(orderBy))
  if (columns.length > 0) params.set('columns', columns.join(','))
  params.set('bom', 'true') // else Excel does not read it as UTF-8
  return params
}

/** The server's own words for an answer without a file, and what to do. */
async function messageOf(response: Response): Promise<string> {
  const answer = (await response.json().catch(() => null)) as { errors?: { message?: string }[] } | null
  const message = answer?.errors?.[0]?.message ?? `The server answered ${response.status}, and what it sent cannot be read.`
  if (response.status === 401) asking.set({ open: true, message })
  const after = Number(response.headers.get('Retry-After'))
  return after > 0 ? `${message} Wait ${after} s, then try again.` : message
}

/** Saves a list as a CSV file: all rows, also those that are not on the page. The request has the credential, which a link cannot send. */
export function Download({ list, params }: Props) {
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    setFault('')
    try {
      const response = await fetch(exportFile(list, search(params)), { headers: authorization() })
      if (!response.ok) {
        setFault(await messageOf(response))
        setBusy(false)
        return
      }
      const missing = response.headers.get('X-Roster-Missing-Sources')
      if (missing) setFault(`The file is not complete: data of ${missing} is missing.`)
      else if (response.headers.get('X-Roster-Complete') === 'false') setFault('The file is not complete: data of a source is missing.')
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = /filename="(.+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? `${list}.csv`
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    } catch {
      setFault('The server does not answer, or the connection was cut. Check that you can reach it, then try again.')
    }
    setBusy(false)
  }
  return (
    <>
      <button onClick={() => void save()} disabled={busy}>
        {busy ? 'Saving …' : 'CSV'}
      </button>
      {fault && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
    </>
  )
}
