package credential_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/credential"
)

// An expiring credential is logged once a day, from three weeks before its end, and after its end.
func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(30 * 24 * time.Hour)
		sources := []*connectors.Source{
			{Name: "silent"},
			{Name: "well", Credential: func() connectors.CredentialStatus { return connectors.CredentialStatus{Renewed: true} }},
			{Name: "crm", Credential: func() connectors.CredentialStatus { return connectors.LastingCredential(end, "make a new token") }},
		}
		var log bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			reminders := new(credential.Reminders)
			for ctx.Err() == nil { // each reload of a configuration calls Watch again, and must repeat nothing
				hour, stop := context.WithTimeout(ctx, time.Hour)
				reminders.Watch(hour, sources, slog.New(slog.NewTextHandler(&log, nil)))
				stop()
			}
		}()
		time.Sleep(40 * 24 * time.Hour)
		cancel()
		<-done
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		expiring, expired := 0, 0
		for _, l := range lines {
			if !strings.Contains(l, "source=crm") || !strings.Contains(l, "make a new token") {
				t.Errorf("said: %s", l)
			}
			if strings.Contains(l, "level=WARN") && strings.Contains(l, "state=expiring") {
				expiring++
			}
			if strings.Contains(l, "level=ERROR") && strings.Contains(l, "state=expired") {
				expired++
			}
		}
		if expiring < 20 || expiring > 22 || expired < 9 || expired > 11 || expiring+expired != len(lines) {
			t.Errorf("said %d times that it ends and %d times that it has, in %d lines", expiring, expired, len(lines))
		}
	})
}
