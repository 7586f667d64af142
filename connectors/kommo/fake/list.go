package fake

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	hal = "application/hal+json"
	// defaultPage is what a request without a limit gets.
	defaultPage = 50
	maxPage     = 250
)

type link struct {
	Href string `json:"href"`
}

type links struct {
	Self link  `json:"self"`
	Next *link `json:"next,omitempty"`
	Prev *link `json:"prev,omitempty"`
}

// envelope surrounds the rows of a list. Only users and roles are counted.
type envelope struct {
	TotalItems *int           `json:"_total_items,omitempty"`
	Page       int            `json:"_page"`
	PageCount  *int           `json:"_page_count,omitempty"`
	Links      links          `json:"_links"`
	Embedded   map[string]any `json:"_embedded"`
}

// list writes one page of rows, or 204 where there is none.
func list[T any](c *call, name string, rows []T, counted bool, show func(T) any) {
	query := c.r.URL.Query()
	limit, page := positive(query, "limit", defaultPage), positive(query, "page", 1)
	switch {
	case limit == 0, page == 0:
		c.problem(http.StatusBadRequest)
		return
	case limit > orElse(c.options.MaxPage, maxPage):
		c.problem(orElse(c.options.MaxPageStatus, http.StatusUnprocessableEntity))
		return
	}
	pages := (len(rows) + limit - 1) / limit
	if page > pages {
		c.w.WriteHeader(http.StatusNoContent)
		return
	}
	e := envelope{Page: page, Links: links{Self: link{c.pageLink(page, "")}}}
	if counted {
		total := len(rows) + c.options.TotalOff
		e.TotalItems, e.PageCount = &total, &pages
	}
	switch {
	case c.options.SameNext:
		e.Links.Next = &link{c.pageLink(page, c.options.NextHost)}
	case page < pages:
		e.Links.Next = &link{c.pageLink(page+1, c.options.NextHost)}
	}
	if page > 1 {
		e.Links.Prev = &link{c.pageLink(page-1, "")}
	}
	shown := make([]any, 0, limit)
	for _, row := range rows[(page-1)*limit : min(page*limit, len(rows))] {
		shown = append(shown, show(row))
	}
	e.Embedded = map[string]any{name: shown}
	c.json(http.StatusOK, hal, e)
}

// one writes the record with the ID that the path ends with.
func one[T any](c *call, rows []T, at map[string]int, show func(T) any) {
	i, ok := at[c.id]
	if !ok {
		c.problem(http.StatusNotFound)
		return
	}
	c.json(http.StatusOK, hal, show(rows[i]))
}

// positive reads a number from 1 up; 0 means that it is none.
func positive(query url.Values, name string, fallback int) int {
	if !query.Has(name) {
		return fallback
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// with says whether the request asks for more by that word.
func (c *call) with(word string) bool {
	return slices.Contains(strings.Split(c.r.URL.Query().Get("with"), ","), word)
}

// href gives the address of a place of the API, as the client sees it.
func (c *call) href(host, path string) string {
	scheme := "http"
	if c.r.TLS != nil || c.r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + orElse(host, c.r.Host) + c.options.Prefix + path
}

// pageLink gives the address of another page of the list that was asked for.
func (c *call) pageLink(page int, host string) string {
	query := c.r.URL.Query()
	query.Set("page", strconv.Itoa(page))
	return c.href(host, c.r.URL.Path) + "?" + query.Encode()
}

func (c *call) selfLink(name string, id int64) *links {
	return &links{Self: link{c.href("", "/api/v4/"+name+"/"+key(id))}}
}
