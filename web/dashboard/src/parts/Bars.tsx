import { Link } from 'wouter'
import type { ReactNode } from 'react'

export interface Bar {
  key: string
  label: ReactNode
  count: number
  href: string
  /** What a screen reader says of the label, where the label is a picture. */
  name?: string
}

/** Counts as bars. Each opens the table of what it counts. */
export function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return (
    <ul className="bars" aria-label={label}>
      {bars.map(({ key, label, count, href, name }) => (
        <li key={key}>
          <Link href={href}>
            <span className="bar-label">
              {name && <span className="hidden">{name}</span>}
              {name ? <span aria-hidden="true">{label}</span> : label}
            </span>
            <span className="bar-track" aria-hidden="true">
              <span className="bar" style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <span className="bar-count">{count.toLocaleString('en')}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
