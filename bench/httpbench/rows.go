package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// row is what clients send, and how much more than the floor it may cost.
type row struct {
	name, title string
	goal        float64 // at most so many times the floor
	// requests returns what is sent, over and over.
	requests func(context.Context, *server) ([]*request, error)
	status   int // of the answers
}

// rows are all rows, in the order of the table.
var rows = []row{
	{"page", "page of 100 people with teams, repeated", 1.3, func(context.Context, *server) ([]*request, error) {
		return one(post("query People"+page, map[string]any{"first": 100}))
	}, http.StatusOK},
	{"page-new", "the same page, variables never seen", 3, newPages, http.StatusOK},
	{"lists", "four lists of 100, repeated", 1.3, func(context.Context, *server) ([]*request, error) {
		return one(post("query Lists"+lists, map[string]any{"first": 100}))
	}, http.StatusOK},
	{"person", "one person by ID, never asked before", 1.5, newPeople, http.StatusOK},
	{"poll", "poll with If-None-Match, nothing changed", 1.3, polls, http.StatusNotModified},
}

// serial is the place of a serial number in a document. As a part of the operation's name, it prevents that an answer is used again when all requests have been
// sent once, although the document is parsed and validated only once for all of them.
var serial = strings.Repeat("0", serialDigits)

const (
	page = `($first: Int!, $after: String) {
  users(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id name email title active teams { name } } }
}`
	lists = `($first: Int!) {
  users(first: $first) { nodes { id name email teams { name } } }
  newest: users(first: $first, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id name createdAt } }
  contacts(first: $first) { nodes { id name emails } }
  teams(first: $first) { nodes { id name source { name } } }
}`
	person = `($id: ID!) { user(by: { id: $id }) { id name email title active teams { name } } }`
	ids    = `($after: String) { users(first: 500, after: $after) { pageInfo { hasNextPage } edges { cursor node { id } } } }`
)

func one(r *request, err error) ([]*request, error) { return []*request{r}, err }

// newPages asks for pages that begin after each of the people that have a whole page after them.
func newPages(ctx context.Context, s *server) ([]*request, error) {
	return ofEveryone(ctx, s, func(e edge, after int) (*request, error) {
		if after < 100 {
			return nil, nil
		}
		return post("query People"+serial+page, map[string]any{"first": 100, "after": e.Cursor})
	})
}

// newPeople asks for each person.
func newPeople(ctx context.Context, s *server) ([]*request, error) {
	return ofEveryone(ctx, s, func(e edge, _ int) (*request, error) {
		return post("query Person"+serial+person, map[string]any{"id": e.Node.ID})
	})
}

// polls asks for a page that the client has already.
func polls(ctx context.Context, s *server) ([]*request, error) {
	path := "/graphql?query=" + url.QueryEscape("query People"+page) + "&variables=" + url.QueryEscape(`{"first":100}`)
	first, err := s.exchange(ctx, get(path, ""))
	if err != nil {
		return nil, err
	}
	if first.ETag == "" {
		return nil, errNoETag
	}
	return []*request{get(path, first.ETag)}, nil
}

var errNoETag = errors.New("no ETag")

type edge struct {
	Cursor string
	Node   struct{ ID string }
}

// ofEveryone makes a request for each person. It says how many people come after that one.
func ofEveryone(ctx context.Context, s *server, ask func(e edge, after int) (*request, error)) ([]*request, error) {
	everyone, err := s.everyone(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]*request, 0, len(everyone))
	for i, e := range everyone {
		r, err := ask(e, len(everyone)-i-1)
		if err != nil {
			return nil, err
		}
		if r != nil {
			all = append(all, r)
		}
	}
	return all, nil
}

func (s *server) everyone(ctx context.Context) (all []edge, err error) {
	for after := any(nil); ; {
		r, err := post("query IDs"+ids, map[string]any{"after": after})
		if err != nil {
			return nil, err
		}
		a, err := s.exchange(ctx, r)
		if err != nil {
			return nil, err
		}
		var got struct {
			Data struct {
				Users struct {
					PageInfo struct{ HasNextPage bool }
					Edges    []edge
				}
			}
		}
		if err := json.Unmarshal(a.Body, &got); err != nil {
			return nil, err
		}
		edges := got.Data.Users.Edges
		all = append(all, edges...)
		if !got.Data.Users.PageInfo.HasNextPage || len(edges) == 0 {
			return all, nil
		}
		after = edges[len(edges)-1].Cursor
	}
}

// post returns a query. A serial number in the document is varied.
func post(document string, variables map[string]any) (*request, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
	r := &request{Text: append([]byte(head), body...)}
	if strings.Contains(document, serial) {
		r.Serial = bytes.Index(r.Text, []byte(serial))
	}
	return r, nil
}

func get(path, etag string) *request {
	text := "GET " + path + " HTTP/1.1\r\nHost: localhost:8080\r\n"
	if etag != "" {
		text += "If-None-Match: " + etag + "\r\n"
	}
	return &request{Text: []byte(text + "\r\n")}
}
