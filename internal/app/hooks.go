package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"

	"roster/connectors"
	"roster/internal/config"
	"roster/internal/httpapi"
	"roster/internal/snapshot"
)

// hooks returns where the sources send their webhooks, by the names of the sources.
func (i *instance) hooks() map[string]httpapi.Hook {
	all := make(map[string]httpapi.Hook)
	for n, s := range i.sources {
		if of := i.config.Sources[n].Hooks; of != nil {
			all[s.Name] = httpapi.Hook{Secret: of.Secret.Reveal(), Previous: of.PreviousSecret.Reveal(), Receive: i.receiver(s, of)}
		}
	}
	return all
}

// receiver returns a function that receives a webhook of a source: what it says has changed is fetched again.
func (i *instance) receiver(s *connectors.Source, of *config.Hooks) func(context.Context, []byte) httpapi.HookResult {
	var described connectors.Hooks
	if kind := connectors.KindNamed(s.Kind); kind != nil {
		described = kind.Hooks
	}
	return func(ctx context.Context, body []byte) httpapi.HookResult {
		result := httpapi.HookIgnored
		var fetched []string
		switch {
		case of.Token != "" && !same(described.Token(body), of.Token.Reveal()):
			result = httpapi.HookRejected
		default:
			for _, c := range described.Changes(s.Collections(), body) {
				if !s.Has(c.Collection) {
					continue
				}
				i.keeper.Invalidate(snapshot.Key{Source: s.Name, Collection: c.Collection}, c.Removed)
				result = httpapi.HookAccepted
				fetched = append(fetched, c.Collection.String())
			}
		}
		i.log.LogAttrs(ctx, slog.LevelDebug, "webhook", slog.String("source", s.Name), slog.String("result", string(result)), slog.Any("collections", fetched))
		return result
	}
}

// same compares secrets in a time that depends on neither.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
