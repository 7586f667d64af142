import { Ago } from './Ago'

interface Props {
  missing: { name: string }[]
  stale: { name: string }[]
  asOf: string | null
}

// The time is outside of the region: its words change by themselves, and a screen reader would read them out each time.

/** Says which sources are missing from a list, or have older data. It shows nothing if all are there. */
export function Completeness({ missing, stale, asOf }: Props) {
  if (missing.length === 0 && stale.length === 0) return null
  const names = (sources: { name: string }[]) => sources.map(({ name }) => name).join(', ')
  return (
    <p className="notice" data-notice="completeness">
      <span role="status">
        {missing.length > 0 && <>Not complete: data of {names(missing)} is missing. </>}
        {stale.length > 0 && <>Older data of {names(stale)} is shown, because the last fetch failed or is overdue. </>}
      </span>
      {asOf && (
        <>
          The oldest data was fetched <Ago at={asOf} />.
        </>
      )}
    </p>
  )
}
