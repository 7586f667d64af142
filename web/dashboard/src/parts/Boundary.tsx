import { Component, type ReactNode } from 'react'

/** Keeps a fault in a page to that page: without it, React removes everything, also the navigation. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError = () => ({ failed: true })

  override render() {
    if (!this.state.failed) return this.props.children
    return (
      <div className="notice severe" role="alert">
        <p>This page cannot be shown. The address may be wrong. Open another page, or load this one again.</p>
        <button onClick={() => location.reload()}>Load again</button>
      </div>
    )
  }
}
