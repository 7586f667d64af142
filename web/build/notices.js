import { readFileSync } from 'node:fs'

/** Puts the notices of what monaco-editor itself is made of beside the licences of the packages. */
export const notices = () => ({
  name: 'notices',
  apply: 'build',
  generateBundle() {
    const source = readFileSync(new URL('../node_modules/monaco-editor/ThirdPartyNotices.txt', import.meta.url))
    this.emitFile({ type: 'asset', fileName: 'notices.txt', source })
  },
})
