package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/config"
	"roster/internal/nearest"
	rediswebhooks "roster/internal/redis/webhooks"
	"roster/internal/webhook"
	"roster/resolvers"
)

// webhooksDir is the directory below cache_dir for the positions of webhooks.
const webhooksDir = "webhooks"

// openWebhooks returns where the positions of webhooks are stored: in the shared store if there is one, in a directory, or in memory. CloseStore closes it.
func openWebhooks(shared webhook.Store, cfg *config.Config) (store webhook.Store, closeStore func(), err error) {
	switch {
	case shared != nil:
		return shared, func() {}, nil
	case cfg.CacheDir != "":
		files, err := webhook.OpenFiles(filepath.Join(cfg.CacheDir, webhooksDir))
		if err != nil {
			return nil, nil, fmt.Errorf("cache_dir: %w", err)
		}
		return files, func() { files.Close() }, nil //nolint:errcheck // nothing uses it afterwards
	}
	return webhook.NewMemory(), func() {}, nil
}

// webhooks returns the configured receivers of changes.
func webhooks(cfg *config.Config) ([]webhook.Hook, error) {
	hooks := make([]webhook.Hook, 0, len(cfg.Webhooks))
	for i := range cfg.Webhooks {
		w := &cfg.Webhooks[i]
		var kinds []changes.Kind
		for _, name := range w.Kinds {
			if kind, ok := webhook.KindNamed(name); ok {
				kinds = append(kinds, kind)
			}
		}
		see, err := resolvers.ChangesFor(w.Sensitive, kinds, w.Sources)
		if err != nil {
			return nil, err
		}
		hooks = append(hooks, webhook.Hook{Name: w.Name, URL: w.URL, Secret: w.Secret, Previous: w.Previous, See: see, Networks: w.AllowNetworks, Batch: w.Batch,
			Selects: webhook.Selection{Kinds: w.Kinds, Sources: w.Sources, Sensitive: w.Sensitive}, Timeout: w.Timeout, RetryFor: w.RetryFor})
	}
	return hooks, nil
}

// recorder records in the access log of the present configuration what is sent to receivers.
type recorder struct{ *Host }

// Ready implements webhook.Recorder.
func (r recorder) Ready() bool { return !r.current.Load().access.log.Refuses() }

// Begin implements webhook.Recorder. If nobody may get an answer that is not in the log, it writes a line before the attempt.
func (r recorder) Begin(ctx context.Context, a webhook.Attempt) bool {
	return r.write(ctx, func(log *access.Log) error {
		switch {
		case !log.FailsClosed():
			return nil
		case log.Refuses():
			return access.ErrLog
		}
		return log.WriteDelivery(ctx, deliveryOf(&a, access.Begun))
	}) == nil
}

// Record implements webhook.Recorder. Whether the line could be written, the next call of Begin says.
func (r recorder) Record(ctx context.Context, a webhook.Attempt) {
	outcome := access.Failed
	if a.Accepted() {
		outcome = access.Answered
	}
	r.write(ctx, func(log *access.Log) error { return log.WriteDelivery(ctx, deliveryOf(&a, outcome)) }) //nolint:errcheck // see above
}

// write writes to the log of the present configuration. A log that was replaced meanwhile can be closed: then it writes to the next one.
func (r recorder) write(ctx context.Context, write func(*access.Log) error) error {
	for {
		current := r.current.Load()
		if err := write(current.access.log); err == nil || ctx.Err() != nil || r.current.Load() == current {
			return err
		}
	}
}

func deliveryOf(a *webhook.Attempt, outcome access.Outcome) access.Delivery {
	return access.Delivery{Webhook: a.Webhook, Message: a.Message, Reason: a.Reason, Changes: a.Changes, Attempt: a.Number, Status: a.Status, Outcome: outcome, Took: a.Took}
}

// WebhookStatuses returns where each webhook is, as the servers have stored it.
func WebhookStatuses(ctx context.Context, cfg *config.Config) ([]webhook.Status, error) {
	hooks, err := webhooks(cfg)
	if err != nil {
		return nil, err
	}
	var store webhook.Store
	switch {
	case cfg.Redis != nil:
		r, err := openRedis(cfg.Redis, slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		defer r.Close() //nolint:errcheck // nothing uses it afterwards
		store = rediswebhooks.New(r)
	case cfg.CacheDir != "":
		store = webhook.FilesAt(filepath.Join(cfg.CacheDir, webhooksDir))
	default:
		return nil, errors.New("the configuration has neither redis nor cache_dir, so only the server itself knows where its webhooks are: see /webhooks at admin.listen")
	}
	all := make([]webhook.Status, 0, len(hooks))
	for i := range hooks {
		st, err := webhook.StatusOf(ctx, store, &hooks[i])
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	return all, nil
}

// TestWebhook sends a message without data to the receiver of a webhook. The error says why it was not accepted.
func TestWebhook(ctx context.Context, cfg *config.Config, name string) error {
	hooks, err := webhooks(cfg)
	if err != nil {
		return err
	}
	var names []string
	for i := range hooks {
		if hooks[i].Name == name {
			result, err := webhook.Test(ctx, &hooks[i])
			if err == nil && result.Problem != "" {
				err = errors.New(result.Problem)
			}
			if err != nil {
				return fmt.Errorf("webhook %s: the receiver has not accepted the message: %w", name, err)
			}
			return nil
		}
		names = append(names, hooks[i].Name)
	}
	return fmt.Errorf("the configuration has no webhook %q%s", name, nearest.Hint(name, names))
}
