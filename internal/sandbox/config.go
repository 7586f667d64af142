package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
)

// WriteConfig writes the configuration to a file that is not there yet, or holds the same already: it may be somebody's own.
func (s *Sandbox) WriteConfig(path, listen string) error {
	text := s.config(listen)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if errors.Is(err, os.ErrExist) {
		switch there, err := os.ReadFile(path); { //nolint:gosec // as above
		case errors.Is(err, syscall.EISDIR):
			return err
		case err == nil && string(there) == text:
			return nil
		}
		return fmt.Errorf("%s exists already with other content: remove it, or name another file", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// config is a configuration with which `serve` and `check` of other processes read this company: what an operator would write, on a port of
// its own. The credentials in it open invented data only.
func (s *Sandbox) config(listen string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "listen: %s\ndrain_delay: 0s # nothing stands in front of it\nsources:\n", listen)
	for _, c := range s.Sources() {
		fmt.Fprintf(&b, "  - name: %s\n    kind: %s\n    url: %s\n", c.Name, c.Kind, c.URL)
		for _, key := range slices.Sorted(maps.Keys(credentials[c.Kind])) {
			fmt.Fprintf(&b, "    %s: %v\n", key, credentials[c.Kind][key])
		}
		fmt.Fprintf(&b, "    time_zone: %s\n    phone_region: %s\n", zoneName, region)
		if c.Raw {
			b.WriteString("    raw: true\n")
		}
		if !s.limits { // no limit can be configured; this one is never met
			b.WriteString("    rate_limit: { calls: 1000000, per: 1ms }\n")
		}
	}
	if s.urls[RocketChat] != "" || s.urls[Kommo] != "" {
		s.writeCustomFields(&b)
	}
	if name := s.Authority(); name != "" {
		fmt.Fprintf(&b, "identity:\n  authority: %s\n", name)
	}
	return b.String()
}

// Authority returns the name of the source that decides who works in the company, so that there are leavers; empty if the company has no such source.
func (s *Sandbox) Authority() string {
	for _, c := range s.Sources() {
		if c.Kind == Kommo { // in which some accounts are not active
			return c.Name
		}
	}
	return ""
}
