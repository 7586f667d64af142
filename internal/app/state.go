package app

import (
	"context"
	"errors"
	"strings"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/plan"
	"roster/internal/presence"
	"roster/internal/responsecache"
	"roster/internal/snapshot"
	"roster/internal/webhook"
	"roster/internal/writes"
)

// The methods below report the state of the current instance to the operator.

var errStopping = errors.New("stopping: running requests are finished, new ones should go to another server")

// starting returns why the first fetches are not over.
func (h *Host) starting() error {
	awaited := h.current.Load().publisher.Awaited()
	if len(awaited) == 0 {
		return errors.New("starting: the directory is being built")
	}
	collections := make(map[string][]string)
	var sources []string
	for _, key := range awaited {
		if collections[key.Source] == nil {
			sources = append(sources, key.Source)
		}
		collections[key.Source] = append(collections[key.Source], key.Collection.String())
	}
	for i, source := range sources {
		sources[i] = source + " (" + strings.Join(collections[source], ", ") + ")"
	}
	return errors.New("starting: waits for the first fetch of " + strings.Join(sources, ", "))
}

// Readiness returns why queries cannot be answered; nil if they can.
func (h *Host) Readiness() error {
	switch {
	case h.opt.Stopping():
		return errStopping
	case !h.ready.Load():
		return h.starting()
	case h.current.Load().access.log.Refuses():
		return access.ErrLog
	}
	return nil
}

// AccessLog returns the state of the access log.
func (h *Host) AccessLog() access.LogStats { return h.current.Load().access.log.Stats() }

// Shared returns how much callers use of the shared limits.
func (h *Host) Shared() []httpapi.ResourceStats { return httpapi.StatsOf(h.current.Load().limiter) }

// Sources returns the sources, in the order of the configuration.
func (h *Host) Sources() []*connectors.Source { return h.current.Load().sources }

// Collections returns how every collection has been used, in the order of the configuration.
func (h *Host) Collections() []snapshot.Stats { return h.current.Load().keeper.Stats() }

// Builds returns statistics of the directory builds.
func (h *Host) Builds() generation.Stats { return h.current.Load().publisher.Stats() }

// Responses returns how the cached answers have been used.
func (h *Host) Responses() responsecache.Stats { return h.current.Load().responses.Stats() }

// Plans returns how operations have been executed.
func (h *Host) Plans() plan.Stats { return h.current.Load().plans.Stats() }

// Changes returns how the log of changes is used.
func (h *Host) Changes() changes.Stats { return h.opt.Changes.Stats() }

// Webhooks returns what this process has delivered to each receiver.
func (h *Host) Webhooks() []webhook.Stats {
	if h.opt.Webhooks == nil {
		return nil
	}
	return h.opt.Webhooks.Stats()
}

// WebhookStatuses returns where each webhook is, whichever replica delivers it.
func (h *Host) WebhookStatuses(ctx context.Context) ([]webhook.Status, error) {
	if h.opt.Webhooks == nil {
		return nil, nil
	}
	return h.opt.Webhooks.Statuses(ctx)
}

// Presence returns, for each source with presence, how presence was requested.
func (h *Host) Presence() map[string]presence.Stats { return h.current.Load().presence.Stats() }

// Writes returns the number of values that writes store.
func (h *Host) Writes() writes.Stats { return h.current.Load().writer.Stats() }
