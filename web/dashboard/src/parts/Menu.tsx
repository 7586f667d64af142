import { type ReactNode, useEffect, useRef } from 'react'

/** A button that opens a small pane. It closes by Escape, and when the visitor goes elsewhere. */
export function Menu({ title, children }: { title: ReactNode; children: ReactNode }) {
  const details = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const close = (event: Event) => {
      const here = details.current
      if (here?.open && !here.contains(event.target as Node)) here.open = false
    }
    document.addEventListener('pointerdown', close)
    document.addEventListener('focusin', close)
    return () => {
      document.removeEventListener('pointerdown', close)
      document.removeEventListener('focusin', close)
    }
  }, [])
  return (
    <details
      className="menu"
      ref={details}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !details.current?.open) return
        details.current.open = false
        details.current.querySelector('summary')?.focus()
      }}
    >
      <summary className="button">{title}</summary>
      <div className="menu-pane">{children}</div>
    </details>
  )
}
