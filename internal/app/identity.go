package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"roster/connectors"
	"roster/graph"
	"roster/graph/model"
	"roster/internal/access"
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

// mostAccounts is the number of accounts of a person, and of people of a split, that an answer lists: the default of the schema.
const mostAccounts = 20

// cut reports whether a preview may not have all accounts of a person, or all people of a split.
func (p *IdentityPreview) cut() bool {
	full := func(m PreviewMerge) bool { return len(m.Accounts) == mostAccounts }
	return slices.ContainsFunc(p.Merges, full) || slices.ContainsFunc(p.Splits, func(s PreviewSplit) bool {
		return len(s.People) == mostAccounts || slices.ContainsFunc(s.People, full)
	})
}

// mostPreviewed is the number of merges, splits and IDs of which a preview has the details. The cost of the query is then a quarter of the default limit.
const mostPreviewed = 100

// maxPreviewAnswer limits the length of the server's answer.
const maxPreviewAnswer = 64 << 20

// PreviewIdentity asks the server at the address of its graph how its people would change with the rules of a configuration: links, splits, email_trust,
// shared_mailboxes and anchors. Key is an API key with directory:admin; empty for none. Notes say what in the configuration the preview does not show.
func PreviewIdentity(ctx context.Context, cfg *config.Config, address, key string) (p *IdentityPreview, notes []string, err error) {
	api := &resolvers.Resolver{Graph: graph.Options(cfg.Federation)}
	var known struct {
		Sources []struct {
			Name        string
			Collections []struct{ Kind, State string }
		}
	}
	if err := queryGraph(ctx, address, key, "{sources:"+api.FieldName("Query", "sources")+"{name collections{kind state}}}", nil, &known); err != nil {
		return nil, nil, err
	}
	served := make([]string, len(known.Sources))
	for i, s := range known.Sources {
		served[i] = s.Name
		for _, c := range s.Collections {
			if c.Kind == "ACCOUNTS" && (c.State == "MISSING" || c.State == "INCOMPLETE") {
				notes = append(notes, "the accounts of "+echo.Line(s.Name)+" have not been read completely, and the preview is without what is missing: ask again when they have")
			}
		}
	}
	document := fmt.Sprintf(`query($input:%s!,$most:Int!){preview:%s(input:$input){people peopleAfter mergeCount splitCount idChangeCount unknownAccounts(first:$most)
		merges(first:$most){id name accounts{externalId source{name} user{id name}}}
		splits(first:$most){user{id name} people{id name accounts{externalId source{name}}}}
		idChanges(first:$most){user{id name} id}}}`, api.TypeName("IdentityPreviewInput"), api.FieldName("Query", "identityPreview"))
	var data struct{ Preview *IdentityPreview }
	variables := map[string]any{"input": previewInput(cfg, served), "most": mostPreviewed}
	if err := queryGraph(ctx, address, key, document, variables, &data); err != nil {
		return nil, nil, err
	}
	if data.Preview == nil {
		return nil, nil, errors.New("the server has answered without a preview: it may be of an earlier release")
	}
	return data.Preview, append(notes, notShown(cfg, served, data.Preview)...), nil
}

// notShown says what in a configuration changes people too, and is not in its preview: the sources, and their order, which decides about IDs; and anchors on
// custom fields, of which the server may have no values.
func notShown(cfg *config.Config, served []string, p *IdentityPreview) []string {
	var here, kept, added, removed, notes []string
	for i := range cfg.Sources {
		if name := cfg.Sources[i].Name; slices.Contains(served, name) {
			here = append(here, name)
		} else {
			added = append(added, name)
		}
	}
	for _, name := range served {
		if slices.Contains(here, name) {
			kept = append(kept, name)
		} else {
			removed = append(removed, name)
		}
	}
	for key, groups := range map[string][][]connectors.Ref{"identity.link": cfg.Identity.Link, "identity.split": cfg.Identity.Split} {
		without := 0
		for _, refs := range groups {
			if slices.ContainsFunc(refs, func(r connectors.Ref) bool { return !slices.Contains(served, r.Source) }) {
				without++
			}
		}
		if without > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d of its lists name accounts of sources that the server does not have, which the preview leaves out", key, without))
		}
	}
	slices.Sort(notes)
	if p.cut() {
		notes = append(notes, fmt.Sprintf("of each person, at most %d accounts are listed, and of each split as many people", mostAccounts))
	}
	if len(added) > 0 {
		notes = append(notes, "the server does not have these sources of the file, so the preview is without them: "+strings.Join(added, ", "))
	}
	if len(removed) > 0 {
		notes = append(notes, "the file does not have these sources of the server, and the preview goes on with them: "+strings.Join(removed, ", "))
	}
	if !slices.Equal(here, kept) {
		notes = append(notes, "the file has the sources in another order, which changes IDs; the preview has the order of the server")
	}
	for _, a := range cfg.Identity.Anchors {
		for _, source := range slices.Sorted(maps.Keys(a.Fields)) {
			if field := a.Fields[source]; slices.Contains(here, source) && field != connectors.AccountID && field != connectors.AccountUsername {
				notes = append(notes, fmt.Sprintf("the anchor %s joins no accounts of %s in the preview if the server has not fetched the field %s yet: "+
					"see docs/identity.md", echo.Line(a.Name), source, echo.Line(field)))
			}
		}
	}
	return notes
}

// previewInput returns the rules of a configuration as the input of identityPreview, without sources that the server does not serve.
func previewInput(cfg *config.Config, served []string) map[string]any {
	has := func(source string) bool { return slices.Contains(served, source) }
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
			var name bytes.Buffer
			model.MarshalEmailTrust(s.EmailTrust).MarshalGQL(&name)
			trust = append(trust, map[string]any{"source": s.Name, "trust": json.RawMessage(name.Bytes())})
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
	host := echo.Line(req.URL.Host)
	// A redirect would become a GET, and the key is for this server only.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return unreachable(host, err)
	}
	defer resp.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code, Limit string }
		}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPreviewAnswer+1))
	switch {
	case err != nil:
		return unreachable(host, err)
	case len(text) > maxPreviewAnswer:
		return fmt.Errorf("the answer of %s is longer than %d MiB, and is not read: change fewer rules at a time", host, maxPreviewAnswer>>20)
	}
	if json.Unmarshal(text, &answer) != nil || answer.Data == nil && len(answer.Errors) == 0 {
		return fmt.Errorf("%s has answered with HTTP %d and no GraphQL: name the address of the graph with --url, such as https://roster.acme.example/graphql",
			host, resp.StatusCode)
	}
	if len(answer.Errors) > 0 {
		first := answer.Errors[0]
		return fmt.Errorf("the server refuses the preview: %s%s", echo.Line(echo.Message(first.Message)), advice(first.Extensions.Code, first.Extensions.Limit))
	}
	return json.Unmarshal(answer.Data, data)
}

// advice says what to do about a code of the server's errors. Limit is the name of the limit in the configuration, if there is one.
func advice(code, limit string) string {
	switch code {
	case "UNAUTHENTICATED":
		return "; name a file with an API key with --key-file"
	case "FORBIDDEN":
		return "; the key in --key-file needs " + access.ScopeAdmin + " and, if the file or the server has anchors, " + access.ScopeSensitive
	case "LIMIT_EXCEEDED":
		return fmt.Sprintf("; raise limits.%s of the server, or preview fewer links and splits", echo.Line(limit))
	case "TIMEOUT":
		return "; the server gives an operation the time limits.operation_time, whatever --timeout is: ask again, or raise it"
	}
	return ""
}

// unreachable says why a server cannot be called, without the URL, which may hold a password.
func unreachable(host string, err error) error {
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		return fmt.Errorf("the host name of %s is not known: check --url", host)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("the certificate of %s is not valid for this address, or its authority is not known on this machine: name the public address with --url", host)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer in time from %s: give it longer with --timeout, up to limits.operation_time of the server", host)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens on %s: start the server, or name another address with --url", host)
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", host, err)
}
