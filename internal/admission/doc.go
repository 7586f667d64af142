// Package admission limits callers: how many requests a caller may send in a period, and how much of the shared resources one caller and
// all callers together may hold at a time. Operations in progress and the bytes of answers are such resources. The package knows a caller
// by a key; it knows neither what callers ask nor who they are. No method waits: what replicas share is synchronized in the background.
package admission
