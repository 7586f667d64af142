import { useEffect, useRef, useState } from 'react'
import { asking, credential, keep, read, valid } from './credential.js'
import { useValue } from './state.js'

/** Opens the dialog, and shows whether there is a credential. */
export function CredentialButton() {
  const present = useValue(credential) !== ''
  return (
    <button type="button" className="roster-credential" aria-haspopup="dialog" onClick={() => asking.set({ open: true, message: '' })}>
      {present ? 'Credential set' : 'Credential'}
    </button>
  )
}

/** Asks for the API key or token that the page sends. */
export function CredentialDialog({ changed }) {
  const { open, message } = useValue(asking)
  const kept = useValue(credential)
  const [fault, setFault] = useState('')
  const dialog = useRef(null)
  const input = useRef(null)
  const closing = useRef(false) // by the page itself, which may open it again before the browser says that it is closed

  useEffect(() => {
    if (!open) {
      closing.current = dialog.current.open
      dialog.current.close()
      return
    }
    input.current.value = kept
    setFault('')
    if (!dialog.current.open) dialog.current.showModal()
    input.current.select()
  }, [open])

  const close = () => asking.set({ open: false, message: '' })
  const closed = () => {
    if (!closing.current) close() // by Escape
    closing.current = false
  }
  const use = (value) => {
    keep(value)
    close()
    changed()
  }
  const submit = (event) => {
    event.preventDefault()
    const value = read(input.current.value)
    if (valid(value)) use(value)
    else setFault('A key or token has no spaces, and only letters, digits and signs of ASCII.')
  }

  return (
    <dialog className="roster-dialog" aria-labelledby="roster-credential-title" ref={dialog} onClose={closed}>
      <form onSubmit={submit}>
        <h2 id="roster-credential-title">Credential</h2>
        {message && <p role="alert">{message}</p>}
        <label htmlFor="roster-credential-value">API key or token</label>
        <input
          id="roster-credential-value"
          ref={input}
          type="password"
          autoComplete="off"
          spellCheck="false"
          aria-describedby="roster-credential-note"
          aria-invalid={fault !== ''}
        />
        {fault && <p role="alert">{fault}</p>}
        <p id="roster-credential-note">
          Sent as <code>Authorization: Bearer …</code> to this server only. The browser keeps it until you close this tab.
        </p>
        <div className="roster-buttons">
          <button type="submit">Use</button>
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
