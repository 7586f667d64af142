package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"roster/bench/internal/process"
	"roster/internal/sandbox"
)

// sourceNames are the names of the company's sources.
var sourceNames = func() (names []string) {
	for _, kind := range sandbox.Kinds {
		names = append(names, string(kind))
	}
	return names
}()

// changing is the source that changes.
var changing = sourceNames[0]

// turn is a change that the company is to make in one source, and to report.
type turn struct {
	// People get a title. From is the number of the first of them.
	From, People int
	Title        string
	// Team is the new name of a team; empty if it keeps its name.
	Team string
	// Report is the address of the server's webhook for that source.
	Report string
}

// turned says what a turn has changed.
type turned struct {
	IDs []string  // of the people in that source
	At  time.Time // just before
}

// opening is which company to serve.
type opening struct{ People int }

// serveCompany serves an invented company. The first line says which. The answer is its sources as a configuration has them. Each further line is a turn.
func serveCompany(in io.Reader, out io.Writer) error {
	var company *sandbox.Sandbox
	client := &http.Client{Timeout: time.Minute}
	return process.AnswerLines(in, out, func(line json.RawMessage) (any, error) {
		if company == nil {
			var o opening
			err := json.Unmarshal(line, &o)
			if err == nil {
				company, err = sandbox.Start(context.Background(), sandbox.Options{People: o.People, Seed: 1})
			}
			if err != nil {
				return nil, err
			}
			return sources(company), nil
		}
		var t turn
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, err
		}
		done := turned{At: time.Now()}
		if t.People > 0 {
			done.IDs = company.GiveTitle(t.From, t.People, t.Title)
		}
		if t.Team != "" {
			company.NameTeam(t.Team)
		}
		return done, report(client, t.Report)
	})
}

// report tells the server that something has changed, as a program beside the source can.
func report(client *http.Client, url string) error {
	resp, err := client.Post(url, "application/json", strings.NewReader("{}")) //nolint:noctx // the client has a time limit
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook answers HTTP %d", resp.StatusCode)
	}
	return nil
}

func sources(company *sandbox.Sandbox) (all []map[string]any) {
	for _, c := range company.Sources() {
		s := map[string]any{
			"name": c.Name, "kind": string(c.Kind), "url": c.URL, "phone_region": c.PhoneRegion, "time_zone": c.TimeZone.String(),
			"rate_limit": map[string]any{"calls": 1_000_000, "per": "1ms"}, // no limit can be configured; this one is never met
		}
		maps.Copy(s, sandbox.Credentials(c.Kind))
		all = append(all, s)
	}
	return all
}
