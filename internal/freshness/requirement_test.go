package freshness_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/internal/freshness"
)

func TestParse(t *testing.T) {
	t.Parallel()
	came := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	seconds := func(n int) *time.Duration {
		d := time.Duration(n) * time.Second
		return &d
	}
	for name, tc := range map[string]struct {
		values []string
		want   freshness.Requirement
		refuse string
	}{
		"nothing":                     {},
		"max-age":                     {values: []string{"max-age=30"}, want: freshness.Requirement{MaxAge: seconds(30)}},
		"max-age of none":             {values: []string{"max-age=0"}, want: freshness.Requirement{MaxAge: seconds(0)}},
		"quoted":                      {values: []string{`Max-Age="30"`}, want: freshness.Requirement{MaxAge: seconds(30)}},
		"no-cache":                    {values: []string{"no-cache"}, want: freshness.Requirement{MaxAge: seconds(0)}},
		"no-cache before max-age":     {values: []string{"no-cache, max-age=30"}, want: freshness.Requirement{MaxAge: seconds(0)}},
		"no-cache behind max-age":     {values: []string{"max-age=30", "no-cache"}, want: freshness.Requirement{MaxAge: seconds(0)}},
		"twice: the strictest":        {values: []string{"max-age=9, max-age=7, max-age=8"}, want: freshness.Requirement{MaxAge: seconds(7)}},
		"all":                         {values: []string{" max-age=1 ,STALE-IF-ERROR=2,, only-if-cached"}, want: freshness.Requirement{MaxAge: seconds(1), StaleIfError: 2 * time.Second, OnlyIfCached: true}},
		"unknown":                     {values: []string{`no-store, x="a, max-age=5\", no-cache", max-stale=x`}},
		"more than can be counted":    {values: []string{"max-age=99999999999999999999"}, want: freshness.Requirement{MaxAge: seconds(1<<31 - 1)}},
		"no number":                   {values: []string{"max-age=soon"}, refuse: "max-age"},
		"a number left out":           {values: []string{"max-age"}, refuse: "max-age"},
		"less than none":              {values: []string{"max-age=-1"}, refuse: "max-age"},
		"a part of a second":          {values: []string{"no-cache", "stale-if-error=1.5"}, refuse: "stale-if-error"},
		"quotes that hold no number":  {values: []string{`stale-if-error=""`}, refuse: "stale-if-error"},
		"a quote that is not closed ": {values: []string{`max-age="1`}, refuse: "max-age"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := freshness.Parse(tc.values, came)
			if tc.refuse != "" {
				if err == nil || !strings.Contains(err.Error(), tc.refuse) {
					t.Errorf("the error is %v, want one that names %s", err, tc.refuse)
				}
				return
			}
			tc.want.Came = came
			if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Errorf("error %v; wish (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "max-age=1, no-cache", `x="a,b\"`, "stale-if-error=99999999999", "only-if-cached,,="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		w, err := freshness.Parse([]string{value}, time.Unix(1e9, 0))
		if err == nil && (w.StaleIfError < 0 || w.MaxAge != nil && *w.MaxAge < 0) {
			t.Errorf("%q gives an age below none: %+v", value, w)
		}
	})
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	read := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tc := range map[string]struct {
		after, fresh  time.Duration
		age, lifetime int
	}{
		"at once":   {0, time.Minute, 0, 60},
		"later":     {40500 * time.Millisecond, time.Minute, 40, 59},
		"too late":  {2 * time.Minute, time.Minute, 120, 120},
		"the clock": {-time.Second, time.Minute, 0, 61},
	} {
		now, a := read.Add(tc.after), freshness.Answer{OldestAt: read, FreshUntil: read.Add(tc.fresh)}
		if age, ok := a.Age(now); !ok || age != tc.age || a.Lifetime(now) != tc.lifetime {
			t.Errorf("%s: age %d, lifetime %d; want %d, %d", name, age, a.Lifetime(now), tc.age, tc.lifetime)
		}
	}
	if _, ok := (&freshness.Answer{}).Age(read); ok {
		t.Error("no data has an age")
	}
}
