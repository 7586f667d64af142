interface Named {
  externalId: string
  source: { name: string }
}

const and = new Intl.ListFormat('en')
const or = new Intl.ListFormat('en', { type: 'disjunction' })

/** The name of an account among others: that of its source, with its ID if the source has several of them. */
export function accountName({ externalId, source: { name } }: Named, among: Named[]): string {
  return among.filter(({ source }) => source.name === name).length > 1 ? `${name} (${externalId})` : name
}

/** The names of accounts, in a sentence. */
export const accountsText = (accounts: Named[]): string => and.format(accounts.map((account) => accountName(account, accounts)))

/** Names in a sentence, each once: with "and", or with "or". */
export const allOf = (names: string[]): string => and.format(new Set(names))
export const oneOf = (names: string[]): string => or.format(new Set(names))
