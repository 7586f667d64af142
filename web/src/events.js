import { EventSourceParserStream } from 'eventsource-parser/stream'

/** Gives the answers of a stream of server-sent events, until it ends or the visitor stops it. */
export function answers(response) {
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const { done, value } = await events.read()
      return done || value.event === 'complete' ? { done: true } : { done: false, value: JSON.parse(value.data) }
    },
    // Not a generator: it would wait for the next answer before it stops.
    async return() {
      await events.cancel()
      return { done: true }
    },
  }
}
