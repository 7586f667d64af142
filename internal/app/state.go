package app

import (
	"errors"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/presence"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// The methods below tell of the current instance what the operator wants to know.

var (
	errStopping = errors.New("stopping")
	errReading  = errors.New("the sources are still being read for the first time")
)

// Readiness says why queries cannot be answered; its error is nil while they can.
func (h *Host) Readiness() error {
	switch {
	case h.opt.Stopping():
		return errStopping
	case !h.ready.Load():
		return errReading
	case h.current.Load().door.log.Refuses():
		return access.ErrLog
	}
	return nil
}

// AccessLog says how the access log fares.
func (h *Host) AccessLog() access.LogStats { return h.current.Load().door.log.Stats() }

// Shared tells how much callers hold of what they share.
func (h *Host) Shared() []httpapi.Use { return httpapi.UsesOf(h.current.Load().gate) }

// Sources gives the sources, in the order of the configuration.
func (h *Host) Sources() []*connectors.Source { return h.current.Load().sources }

// Uses gives how every collection has been used, in the order of the configuration.
func (h *Host) Uses() []snapshot.Use { return h.current.Load().keeper.Uses() }

// Builds says how the building of directories has gone.
func (h *Host) Builds() generation.Stats { return h.current.Load().people.Stats() }

// Presence says for each source that tells presence how it has been asked for.
func (h *Host) Presence() map[string]presence.Stats { return h.current.Load().there.Stats() }

// Writes says what writes remember.
func (h *Host) Writes() writes.Stats { return h.current.Load().writer.Stats() }
