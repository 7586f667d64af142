/** The sources in which somebody has accounts. */
export const Sources = ({ accounts }: { accounts: { id: string; active: boolean; source: { name: string } }[] }) => (
  <>
    {accounts.map(({ id, active, source }) => (
      <span key={id} className={active ? 'tag' : 'tag off'} title={active ? undefined : 'This account is not active.'}>
        {source.name}
        {!active && <span className="hidden"> (inactive)</span>}
      </span>
    ))}
  </>
)
