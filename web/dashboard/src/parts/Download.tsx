import { useState } from 'react'
import { authorization } from '../core/credential'
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

/** Saves a list as a CSV file: all rows, also those that are not on the page. The request has the credential, which a link cannot send. */
export function Download({ list, params }: Props) {
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    setFault('')
    try {
      const response = await fetch(exportFile(list, search(params)), { headers: authorization() })
      if (!response.ok) throw new Error(((await response.json()) as { errors: { message: string }[] }).errors[0]?.message)
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = /filename="(.+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? `${list}.csv`
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    } catch (error) {
      setFault(error instanceof Error && error.message ? error.message : 'The file could not be fetched.')
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
