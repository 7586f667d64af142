package browsertest

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// record keeps what a page complained of and what it asked for.
type record struct {
	server string // the address of the playground

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// note takes one event of the browser. They come in order, each before the answer to the step that caused it.
func (r *record) note(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r.requests = append(r.requests, e.Request.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			r.complaints = append(r.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			r.complaints = append(r.complaints, text(e.Args...))
		}
	case *runtime.EventExceptionThrown:
		r.complaints = append(r.complaints, e.ExceptionDetails.Text+" "+text(e.ExceptionDetails.Exception))
	}
}

// text writes values of the page as the console shows them.
func text(values ...*runtime.RemoteObject) string {
	var words []string
	for _, v := range values {
		if v != nil {
			words = append(words, cmp.Or(v.Description, string(v.Value)))
		}
	}
	return strings.Join(words, " ")
}

// ConsoleErrors gives every error and warning on the console so far: the page's own, exceptions that nothing caught, failed requests
// and what the page's policy refused.
func (r *record) ConsoleErrors() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.complaints)
}

// ForeignRequests gives the addresses the page has asked for so far that are not of the server it came from.
func (r *record) ForeignRequests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var foreign []string
	for _, address := range r.requests {
		if !sameServer(address, r.server) {
			foreign = append(foreign, address)
		}
	}
	return foreign
}

// sameServer says whether an address is of that server, or is its own content and needs no server.
func sameServer(address, server string) bool {
	a, err := url.Parse(address)
	if err != nil {
		return false
	}
	s, err := url.Parse(server)
	return err == nil && (a.Scheme == "data" || a.Scheme == "blob" || a.Host == s.Host)
}
