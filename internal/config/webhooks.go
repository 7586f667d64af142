package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/webhook"
)

// Webhook is a receiver of changes. Its settings are those of webhook.Hook.
type Webhook struct {
	Name                  string
	URL, Secret, Previous connectors.Secret
	// Kinds are values of the enum ChangeKind. Kinds and Sources are nil for all.
	Kinds, Sources    []string
	Sensitive         bool
	AllowNetworks     []netip.Prefix
	Batch             int
	Timeout, RetryFor time.Duration
}

// mostWebhooks bounds the memory and the connections that webhooks take.
const mostWebhooks = 50

// webhooks checks the receivers of changes. Sources are the names of the sources.
func (d *decoder) webhooks(files []webhookFile, sources map[string]bool) []Webhook {
	if len(files) > mostWebhooks {
		d.fault("webhooks", "are more than %d: have a receiver pass on what it gets", mostWebhooks)
		return nil
	}
	var all []Webhook
	names := make(map[string]bool)
	for i := range files {
		path, f := fmt.Sprintf("webhooks[%d]", i), &files[i]
		if f.Name == "" && f.URL == "" && d.faulty(path) { // not a mapping: one fault is enough
			continue
		}
		if !d.faulty(path + ".name") {
			switch {
			case !nameForm.MatchString(f.Name):
				d.fault(path+".name", "must have only lower-case letters, digits and hyphens, at most 63 characters, and not begin with a hyphen")
			case names[f.Name]:
				d.fault(path+".name", "another webhook has this name")
			}
			names[f.Name] = true
		}
		d.webhookURL(f, path)
		d.webhookSecret(f.Secret, path+".secret")
		if f.Previous != "" {
			d.webhookSecret(f.Previous, path+".previous_secret")
		}
		for n, name := range f.Sources {
			if sub := fmt.Sprintf("%s.sources[%d]", path, n); !d.faulty(sub) && !sources[name] {
				d.noSource(name, sub, sources)
			}
		}
		all = append(all, Webhook{Name: f.Name, URL: f.URL, Secret: f.Secret, Previous: f.Previous, Kinds: f.Kinds, Sources: f.Sources, Sensitive: f.Sensitive,
			AllowNetworks: d.networks(f.AllowNetworks, path+".allow_networks"), Batch: f.Batch, Timeout: f.Timeout, RetryFor: f.RetryFor})
	}
	return all
}

// secretPath returns the path of a setting in the file, which may have the secret in a file of its own.
func (d *decoder) secretPath(path string) string {
	if !d.inFile(path) {
		return path + "_file"
	}
	return path
}

func (d *decoder) webhookURL(f *webhookFile, path string) {
	at := d.secretPath(path + ".url")
	if d.faulty(path+".url") || d.faulty(at) {
		return
	}
	raw := f.URL.Reveal()
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		d.fault(at, "must be a full URL, such as https://hooks.example.com/roster")
	case u.User != nil || strings.Contains(raw, "#"):
		d.fault(at, "must not contain a user or #: the receiver knows by the signature who calls")
	case u.Scheme == "http" && !f.InsecureHTTP:
		d.fault(at, "must begin with https://, or names of people are sent unencrypted; insecure_http: true allows that")
	}
}

func (d *decoder) webhookSecret(secret connectors.Secret, path string) {
	if at := d.secretPath(path); !d.faulty(path) && !d.faulty(at) {
		if err := webhook.CheckSecret(secret); err != nil {
			d.fault(at, "%s", err)
		}
	}
}
