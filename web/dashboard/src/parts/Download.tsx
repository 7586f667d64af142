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

/** Reads the whole answer, and tells now and then how much of it has come. */
async function blobOf(response: Response, told: (bytes: number) => void): Promise<Blob> {
  const reader = response.body?.getReader()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  let last = 0
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) break
    parts.push(part.value as Uint8Array<ArrayBuffer>)
    bytes += part.value.length
    if (bytes - last >= step) told((last = bytes))
  }
  return new Blob(parts, { type: response.headers.get('Content-Type') ?? 'text/csv' })
}

/** After so many further bytes the page says how many have come. */
const step = 100_000

const sizeOf = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** Saves a list as a CSV file: all rows, also those that are not on the page. The request has the credential, which a link cannot send. */
export function Download({ list, params }: Props) {
  const [fault, setFault] = useState('')
  /** How many bytes have come; null while nothing is being saved. */
  const [saved, setSaved] = useState<number | null>(null)
  const save = async () => {
    setSaved(0)
    setFault('')
    try {
      const response = await fetch(exportFile(list, search(params)), { headers: authorization() })
      if (!response.ok) {
        setFault(await messageOf(response))
        setSaved(null)
        return
      }
      const missing = response.headers.get('X-Roster-Missing-Sources')
      if (missing) setFault(`The file is not complete: data of ${missing} is missing.`)
      else if (response.headers.get('X-Roster-Complete') === 'false') setFault('The file is not complete: data of a source is missing.')
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await blobOf(response, setSaved))
      link.download = /filename="(.+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? `${list}.csv`
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    } catch {
      setFault('The server does not answer, or the connection was cut. Check that you can reach it, then try again.')
    }
    setSaved(null)
  }
  const progress = saved === null ? '' : saved === 0 ? 'Saving …' : `Saving … ${sizeOf(saved)}`
  return (
    <>
      {/* A button that is disabled would lose the focus. */}
      <button onClick={() => saved === null && void save()} aria-disabled={saved !== null} aria-busy={saved !== null}>
        {progress || 'CSV'}
      </button>
      <span className="hidden" role="status">
        {progress}
      </span>
      {fault && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
    </>
  )
}
