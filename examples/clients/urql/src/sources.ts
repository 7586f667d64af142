import { useSyncExternalStore } from "react";

export interface SourceError {
  message: string;
  extensions: { code: string; source: string; reason?: string; retryAfter?: number };
}

// The latest entry of extensions.sources for each source.
let latest: Record<string, SourceError | undefined> = {};
const listeners = new Set<() => void>();

export function keepSourceErrors(extensions?: { sources?: SourceError[] }) {
  if (!extensions?.sources) return;
  latest = { ...latest, ...Object.fromEntries(extensions.sources.map((e) => [e.extensions.source, e])) };
  listeners.forEach((listener) => listener());
}

export function useSourceErrors() {
  return useSyncExternalStore(subscribe, () => latest);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
