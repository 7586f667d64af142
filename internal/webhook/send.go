package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"roster/connectors"
)

const (
	userAgent = "roster-webhooks"
	// mostHeader and mostAnswer bound what is read of an answer. Its content has no meaning; a short one is read, so that the connection can be used again.
	mostHeader = 16 << 10
	mostAnswer = 4 << 10
	// idleFor is how long a connection without a message stays open.
	idleFor = 30 * time.Second
	// mostBuffer is how much of an answer over HTTP/2 a receiver may send before it is read. By default it is 4 MiB.
	mostBuffer = 64 << 10
)

// Result is how an attempt has ended.
type Result struct {
	// Problem is why it has failed, without secrets and without anything that the receiver says; empty if it has not.
	Problem string
	// Ended is true if the receiver wants no more messages.
	Ended bool
	// Status is that of the answer; 0 if there is none.
	Status int
	// After is how long the receiver wants not to be called; zero if it does not say.
	After time.Duration
}

// sender sends the messages of one webhook.
type sender struct {
	url     connectors.Secret
	signers []*standardwebhooks.Webhook
	timeout time.Duration
	client  *http.Client
}

// newSender returns a sender. The secrets of the hook must be valid. Transport is for tests; nil for connections to allowed addresses.
func newSender(h *Hook, transport http.RoundTripper) (*sender, error) {
	s := &sender{url: h.URL, timeout: h.Timeout}
	for _, secret := range []connectors.Secret{h.Secret, h.Previous} {
		if secret == "" {
			continue
		}
		signer, err := standardwebhooks.NewWebhook(secret.Reveal())
		if err != nil {
			return nil, errSecret
		}
		s.signers = append(s.signers, signer)
	}
	if transport == nil {
		transport = newTransport(h)
	}
	s.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the next place may be anywhere
	}
	return s, nil
}

// newTransport returns a transport that uses no proxy, also none that the environment names: a proxy would connect to any address.
func newTransport(h *Hook) *http.Transport {
	return &http.Transport{
		DialContext: dialer(h.Networks, h.Timeout).DialContext, TLSHandshakeTimeout: h.Timeout, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		MaxConnsPerHost: 2, MaxIdleConns: 1, IdleConnTimeout: idleFor, DisableCompression: true, MaxResponseHeaderBytes: mostHeader,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerConnection: mostBuffer, MaxReceiveBufferPerStream: mostBuffer},
	}
}

// close ends the connections that are not used.
func (s *sender) close() { s.client.CloseIdleConnections() }

// send makes one attempt. The signature says when it was made.
func (s *sender) send(ctx context.Context, m message) Result {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.Reveal(), bytes.NewReader(m.body))
	if err != nil {
		return Result{Problem: "the url is not valid"}
	}
	now := time.Now()
	var signatures []string
	for _, signer := range s.signers {
		signature, err := signer.Sign(m.id, now, m.body)
		if err != nil {
			return Result{Problem: "the message cannot be signed"}
		}
		signatures = append(signatures, signature)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set(standardwebhooks.HeaderWebhookID, m.id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	// The receiver ignores what it has had, by the ID. So if it has closed the connection meanwhile, the request is sent again on another one at once. An empty
	// value means that, and is not sent.
	r.Header["Idempotency-Key"] = nil
	resp, err := s.client.Do(r)
	if err != nil {
		return Result{Problem: problem(err)}
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, mostAnswer) //nolint:errcheck // the status says all
	return judge(resp.StatusCode, resp.Header.Get("Retry-After"), now)
}

// judge returns what the status of an answer means.
func judge(status int, retryAfter string, now time.Time) Result {
	r := Result{Problem: "HTTP " + strconv.Itoa(status), Status: status}
	switch {
	case status >= 200 && status < 300:
		r.Problem = ""
	case status >= 300 && status < 400:
		r.Problem += ": redirects are not followed, so set the url to where it leads"
	case status == http.StatusGone:
		r.Ended = true
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		r.After = pauseAsked(retryAfter, now)
	}
	return r
}

// pauseAsked returns how long Retry-After says to wait, in seconds or until a date; zero if it says nothing that is understood.
func pauseAsked(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(mostAsked/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// problem says why there is no answer. The error itself can have the URL.
func problem(err error) string {
	switch {
	case errors.Is(err, errAddress):
		for inner := err; inner != nil; inner = errors.Unwrap(inner) { // the one that names the address
			if next := errors.Unwrap(inner); next == errAddress { //nolint:errorlint // it is the last one
				return inner.Error()
			}
		}
		return "the address " + errAddress.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	if e := new(net.DNSError); errors.As(err, &e) {
		return "the host has no address"
	}
	if e := new(tls.CertificateVerificationError); errors.As(err, &e) {
		if errors.As(err, new(x509.HostnameError)) {
			return "the TLS certificate is for another host"
		}
		return "the TLS certificate is not valid"
	}
	if e := new(net.OpError); errors.As(err, &e) && e.Op == "dial" {
		return "no connection"
	}
	return "the connection failed"
}
