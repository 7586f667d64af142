import type { AccessLevel } from '../gql/graphql'

export const levelName = (level: AccessLevel) => level.charAt(0) + level.slice(1).toLowerCase()

/** An access level. */
export const Level = ({ level }: { level: AccessLevel }) => <span className={`level ${level.toLowerCase()}`}>{levelName(level)}</span>
