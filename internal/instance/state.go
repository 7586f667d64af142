package instance

import (
	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/roster"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// The methods below tell of the current instance what the operator wants to know.

// Ready says whether queries can be answered.
func (h *Host) Ready() bool { return h.isReady() }

// Sources gives the sources, in the order of the configuration.
func (h *Host) Sources() []*connectors.Source { return h.current.Load().sources }

// Uses gives how every collection has been used, in the order of the configuration.
func (h *Host) Uses() []snapshot.Use { return h.current.Load().keeper.Uses() }

// Builds says how the building of directories has gone.
func (h *Host) Builds() roster.Stats { return h.current.Load().people.Stats() }

// Presence says for each source that tells presence how it has been asked for.
func (h *Host) Presence() map[string]presence.Stats { return h.current.Load().there.Stats() }

// Writes says what writes remember.
func (h *Host) Writes() writes.Stats { return h.current.Load().writer.Stats() }
