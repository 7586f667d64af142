const file = /\/@graphiql\/react\/dist\/components\/image-preview\.js$/

/**
 * GraphiQL shows an image when the pointer rests on its address in a response: with avatars, a request to a source's host for each.
 * This leaves that out, and fails the build when GraphiQL has moved the file.
 */
export function noImagePreview() {
  let found = false
  return {
    name: 'no-image-preview',
    load: {
      filter: { id: file },
      handler() {
        found = true
        return 'export const ImagePreview = Object.assign(() => null, { shouldRender: () => false })'
      },
    },
    buildEnd(error) {
      if (!error && !found) this.error(`${file} is not part of the page any more`)
    },
  }
}
