package conntest

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"roster/connectors"
)

var fingerprint = regexp.MustCompile(`^[0-9a-f]{32}$`)

// credential is a setting that identifies the caller: a secret, or a setting without a default.
type credential struct {
	key    string
	field  int // of the kind's settings
	secret bool
}

// credentials returns the credentials that are set in the configuration.
func credentials(cfg connectors.Config) []credential {
	var all []credential
	v := reflect.ValueOf(cfg.Settings).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		_, optional := tag.Lookup("default")
		secret := v.Field(i).Type() == reflect.TypeFor[connectors.Secret]()
		if (secret || !optional) && !v.Field(i).IsZero() {
			all = append(all, credential{tag.Get("key"), i, secret})
		}
	}
	return all
}

// value returns the credential as text. It uses reflection, because Secret's String hides it.
func (c credential) value(cfg connectors.Config) string {
	v := reflect.ValueOf(cfg.Settings).Elem().Field(c.field)
	if v.CanInt() {
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.String()
}

// with returns cfg with another value of the credential, or without the credential.
func (c credential) with(cfg connectors.Config, absent bool) connectors.Config {
	return with(cfg, func(cfg *connectors.Config) {
		v := reflect.ValueOf(cfg.Settings).Elem().Field(c.field)
		switch {
		case absent:
			v.SetZero()
		case v.CanInt():
			v.SetInt(v.Int() + 1)
		default:
			v.SetString(v.String() + "2")
		}
	})
}

// opening checks the constructor with valid and invalid settings. It must not call the source.
func (s Subject) opening(t *testing.T) {
	t.Parallel()
	st := s.start(t)
	good := st.config()
	source := st.open(t, nil)

	t.Run("the source has its name, kind and URL", func(t *testing.T) {
		if source.Name != name || source.Kind != s.Config.Kind || source.URL == "" {
			t.Errorf("name %q, kind %q, URL %q", source.Name, source.Kind, source.URL)
		}
		st.noSecret(t, "its URL", source.URL)
		if !fingerprint.MatchString(source.Fingerprint) {
			t.Errorf("fingerprint %q, want 32 hexadecimal digits", source.Fingerprint)
		}
	})
	t.Run("the fingerprint distinguishes credentials and URLs", func(t *testing.T) {
		changed := map[string]connectors.Config{}
		for _, c := range credentials(good) {
			changed[c.key] = c.with(good, false)
		}
		elsewhere := good
		elsewhere.URL += "/deeper"
		changed["url"] = elsewhere
		seen := map[string]string{source.Fingerprint: "nothing"}
		for key, cfg := range changed {
			other, err := s.Open(cfg)
			if err != nil {
				t.Fatalf("another %s is rejected: %v", key, err)
			}
			if before, ok := seen[other.Fingerprint]; ok {
				t.Errorf("changing %s gives the same fingerprint as changing %s", key, before)
			}
			seen[other.Fingerprint] = key
		}
		renamed := good
		renamed.Name = "another-name"
		if other, err := s.Open(renamed); err != nil || other.Fingerprint != source.Fingerprint {
			t.Errorf("a new name makes another fingerprint, or fails: %v", err)
		}
	})
	t.Run("what is missing is said, all at once", func(t *testing.T) {
		none := connectors.Config{Name: name, Kind: s.Config.Kind}
		_, err := s.Open(none)
		if err == nil {
			t.Fatal("opened without any setting")
		}
		for _, c := range credentials(good) {
			if !hasLine(err, c.key+": ") {
				t.Errorf("no line of the error begins with %q: %v", c.key+": ", err)
			}
		}
		if !hasLine(err, "url: ") {
			t.Errorf("no line of the error begins with \"url: \": %v", err)
		}
		for _, c := range credentials(good) {
			_, err := s.Open(c.with(good, true))
			if err == nil || !hasLine(err, c.key+": ") {
				t.Errorf("without %s: %v", c.key, err)
			}
			if err != nil {
				st.noSecret(t, "the error", err.Error())
			}
		}
	})
	t.Run("a bad URL is refused without being repeated", func(t *testing.T) {
		for _, bad := range []string{
			"acme.example", "ftp://acme.example", "https://", "https://canary:canary@acme.example", "https://acme.example/?token=canary",
			"https://acme.example/#canary", "https://acme.example:canary/", "\x00canary",
		} {
			cfg := good
			cfg.URL = bad
			_, err := s.Open(cfg)
			if err == nil || !hasLine(err, "url: ") {
				t.Errorf("%q: no line of the error begins with \"url: \": %v", bad, err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%q: repeated in %v", bad, err)
			}
		}
	})
	if n := st.faults.Requests(); n > 0 {
		t.Errorf("opening made %d requests; want none", n)
	}
}

func hasLine(err error, prefix string) bool {
	for line := range strings.Lines(err.Error()) {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}
