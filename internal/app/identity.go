package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"

	"roster/connectors"
	"roster/graph"
	"roster/graph/model"
	"roster/internal/config"
	"roster/internal/directory"
	"roster/internal/echo"
	"roster/resolvers"
)

// IdentityPreview is how the people of a running server would change with the rules of another configuration.
type IdentityPreview struct {
	People        int            `json:"people"`
	PeopleAfter   int            `json:"peopleAfter"`
	MergeCount    int            `json:"mergeCount"`
	SplitCount    int            `json:"splitCount"`
	IDChangeCount int            `json:"idChangeCount"`
	Merges        []PreviewMerge `json:"merges"`
	Splits        []PreviewSplit `json:"splits"`
	IDChanges     []PreviewID    `json:"idChanges"`
	Unknown       []string       `json:"unknownAccounts"`
}

// PreviewMerge is a person who would have the accounts of several present people.
type PreviewMerge struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Accounts []PreviewAccount `json:"accounts"`
}

// PreviewAccount is an account, with the person who has it now.
type PreviewAccount struct {
	ExternalID string `json:"externalId"`
	Source     struct {
		Name string `json:"name"`
	} `json:"source"`
	User *PreviewUser `json:"user,omitempty"`
}

// String returns the account as the configuration names it.
func (a PreviewAccount) String() string { return a.Source.Name + "/" + a.ExternalID }

// PreviewUser is a present person.
type PreviewUser struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// PreviewSplit is a present person who would be divided.
type PreviewSplit struct {
	User   PreviewUser    `json:"user"`
	People []PreviewMerge `json:"people"`
}

// PreviewID is a present person whose ID would be replaced.
type PreviewID struct {
	User PreviewUser `json:"user"`
	ID   string      `json:"id"`
}

// mostPreviewed is the number of merges, splits and IDs of which a preview has the details.
const mostPreviewed = 500

// maxPreviewAnswer limits the length of the server's answer.
const maxPreviewAnswer = 64 << 20

// PreviewIdentity asks the server at the address of its graph how its people would change with the rules of a configuration: links, splits, email_trust,
// shared_mailboxes and anchors. Key is an API key with directory:admin; empty for none. Ignored has the names of the configuration's sources that the server
// does not have, and of which the preview therefore says nothing.
func PreviewIdentity(ctx context.Context, cfg *config.Config, address, key string) (p *IdentityPreview, ignored []string, err error) {
	api := &resolvers.Resolver{Graph: graph.Options(cfg.Federation)}
	var known struct{ Sources []struct{ Name string } }
	if err := queryGraph(ctx, address, key, "{sources:"+api.FieldName("Query", "sources")+"{name}}", nil, &known); err != nil {
		return nil, nil, err
	}
	has := func(source string) bool {
		return slices.ContainsFunc(known.Sources, func(s struct{ Name string }) bool { return s.Name == source })
	}
	for i := range cfg.Sources {
		if name := cfg.Sources[i].Name; !has(name) {
			ignored = append(ignored, name)
		}
	}
	document := fmt.Sprintf(`query($input:%s!,$most:Int!){preview:%s(input:$input){people peopleAfter mergeCount splitCount idChangeCount unknownAccounts(first:$most)
		merges(first:$most){id name accounts{externalId source{name} user{id name}}}
		splits(first:$most){user{id name} people{id name accounts{externalId source{name}}}}
		idChanges(first:$most){user{id name} id}}}`, api.TypeName("IdentityPreviewInput"), api.FieldName("Query", "identityPreview"))
	var data struct{ Preview *IdentityPreview }
	variables := map[string]any{"input": previewInput(cfg, has), "most": mostPreviewed}
	if err := queryGraph(ctx, address, key, document, variables, &data); err != nil {
		return nil, nil, err
	}
	if data.Preview == nil {
		return nil, nil, errors.New("the server has answered without a preview: it may be of an earlier release")
	}
	return data.Preview, ignored, nil
}

// previewInput returns the rules of a configuration as the input of identityPreview, without the sources that the server does not have.
func previewInput(cfg *config.Config, has func(source string) bool) map[string]any {
	lists := func(groups [][]connectors.Ref) []any {
		all := []any{}
		for _, refs := range groups {
			var accounts []any
			for _, r := range refs {
				if has(r.Source) {
					accounts = append(accounts, map[string]any{"source": r.Source, "externalId": r.ID})
				}
			}
			if len(accounts) > 1 {
				all = append(all, map[string]any{"accounts": accounts})
			}
		}
		return all
	}
	trust, anchors := []any{}, []any{}
	for i := range cfg.Sources {
		if s := &cfg.Sources[i]; has(s.Name) {
			trust = append(trust, map[string]any{"source": s.Name, "trust": model.MarshalEmailTrust(s.EmailTrust)})
		}
	}
	for _, a := range cfg.Identity.Anchors {
		fields := []any{}
		for source, field := range a.Fields {
			if has(source) {
				fields = append(fields, map[string]any{"source": source, "field": field})
			}
		}
		anchors = append(anchors, map[string]any{"name": a.Name, "fields": fields})
	}
	mailboxes := cfg.Identity.SharedMailboxes
	if mailboxes == nil {
		mailboxes = directory.DefaultSharedMailboxes
	}
	return map[string]any{"links": lists(cfg.Identity.Link), "splits": lists(cfg.Identity.Split), "replace": true, "emailTrust": trust,
		"sharedMailboxes": mailboxes, "anchors": anchors}
}

// queryGraph sends a query to a server. The error says what to do.
func queryGraph(ctx context.Context, address, key, document string, variables map[string]any, data any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address of the server is not a URL")
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return unreachable(req.URL.Host, err)
	}
	defer resp.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPreviewAnswer))
	if err != nil || json.Unmarshal(text, &answer) != nil {
		return fmt.Errorf("%s has answered with HTTP %d and no GraphQL: check the address", req.URL.Host, resp.StatusCode)
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("the server refuses the preview: %s", echo.Message(answer.Errors[0].Message))
	}
	return json.Unmarshal(answer.Data, data)
}

// unreachable says why a server cannot be called, without the URL, which may hold a password.
func unreachable(host string, err error) error {
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		return fmt.Errorf("the host name of %s is not known", host)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time from " + host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens on " + host + ": start the server, or name another address with --url")
	}
	return fmt.Errorf("%s: %w", host, errors.Unwrap(err))
}
