import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Vite lists the licences of the packages in the page (build.license), and not of those in its workers only. This puts theirs into notices.txt,
 * after what monaco-editor says of what it is made of. It fails the build when a package has no file with its licence.
 */
export function notices() {
  const inPage = new Map()
  const inWorkers = new Map()
  return {
    page: {
      name: 'notices',
      apply: 'build',
      generateBundle(_, bundle) {
        collect(bundle, inPage)
        const parts = [readFileSync(new URL('../node_modules/monaco-editor/ThirdPartyNotices.txt', import.meta.url), 'utf8')]
        for (const name of [...inWorkers.keys()].filter((name) => !inPage.has(name)).sort()) {
          parts.push(licence(name, inWorkers.get(name)))
        }
        this.emitFile({ type: 'asset', fileName: 'notices.txt', source: parts.join('\n') })
      },
    },
    worker: {
      name: 'notices-of-workers',
      generateBundle(_, bundle) {
        collect(bundle, inWorkers)
      },
    },
  }
}

/** Adds the packages of the modules that have come into a bundle: name and version, and where they are. */
function collect(bundle, into) {
  for (const chunk of Object.values(bundle)) {
    for (const [id, module] of Object.entries(chunk.modules ?? {})) {
      const place = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]
      if (!place || module.renderedLength === 0) continue
      const { name, version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
      into.set(`${name} ${version}`, place)
    }
  }
}

function licence(name, place) {
  const file = readdirSync(place).find((file) => /^licen[cs]e(\.(md|txt))?$/i.test(file))
  if (!file) throw new Error(`${name} is part of a worker and has no file with its licence`)
  return `\n%% ${name} NOTICES AND INFORMATION BEGIN HERE\n=========================================\n${readFileSync(join(place, file), 'utf8').trim()}\n`
}
