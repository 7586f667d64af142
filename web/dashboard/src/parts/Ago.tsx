import { useEffect, useState } from 'react'

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const whole = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

function relative(at: string): string {
  const seconds = Math.round((Date.parse(at) - Date.now()) / 1_000)
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return words.format(Math.trunc(seconds / length), unit)
}

/** A time, as the time since or until then. */
export function Ago({ at }: { at: string }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 10_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={at} title={whole.format(new Date(at))}>
      {relative(at)}
    </time>
  )
}

const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

/** A time, as its day. */
export function Day({ at }: { at: string | null }) {
  return at === null ? null : <time dateTime={at}>{day.format(new Date(at))}</time>
}
