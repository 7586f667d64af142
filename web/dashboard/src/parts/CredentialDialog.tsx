import { type FormEvent, useEffect, useRef, useState } from 'react'
import { asking, credential, keep, read, valid } from '../core/credential'
import { useShared } from '../core/state'

/** Asks for the API key or token that the page sends. */
export function CredentialDialog() {
  const { open, message } = useShared(asking)
  const kept = useShared(credential)
  const [fault, setFault] = useState('')
  const dialog = useRef<HTMLDialogElement>(null)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (!open) {
      dialog.current?.close()
      return
    }
    setFault('')
    if (input.current) input.current.value = kept
    if (!dialog.current?.open) dialog.current?.showModal()
    input.current?.select()
  }, [open])

  const close = () => asking.set({ open: false, message: '' })
  const use = (value: string) => {
    close()
    keep(value)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = read(input.current?.value ?? '')
    if (valid(value)) use(value)
    else setFault('A key or token has no spaces, and only letters, digits and signs of ASCII.')
  }

  return (
    <dialog
      className="dialog credential"
      aria-labelledby="credential-title"
      ref={dialog}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
    >
      <form onSubmit={submit}>
        <h2 id="credential-title">Credential</h2>
        {message && <p role="alert">{message}</p>}
        <label htmlFor="credential-value">API key or token</label>
        <input
          id="credential-value"
          ref={input}
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-describedby="credential-note"
          aria-invalid={fault !== ''}
        />
        {fault && <p role="alert">{fault}</p>}
        <p id="credential-note">
          Sent as <code>Authorization: Bearer …</code> to this server only. The browser keeps it until you close this tab. The playground uses it too.
        </p>
        <div className="buttons">
          <button type="submit" className="primary">
            Use
          </button>
          <button type="button" disabled={kept === ''} onClick={() => use('')}>
            Clear
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}
