package buildinfo

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestString(t *testing.T) {
	t.Parallel()
	platform := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for name, tc := range map[string]struct {
		build debug.BuildInfo
		want  string
	}{
		"a release": {debug.BuildInfo{Main: debug.Module{Version: "v1.4.0"}, Settings: []debug.BuildSetting{
			setting("vcs.revision", "0123abc"), setting("vcs.time", "2026-11-30T12:00:00+02:00"), setting("vcs.modified", "false"),
		}}, "roster v1.4.0, commit 0123abc of 2026-11-30T10:00:00Z, " + platform},
		"with changes": {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
			setting("vcs.revision", "0123abc"), setting("vcs.time", "2026-11-30T10:00:00Z"), setting("vcs.modified", "true"),
		}}, "roster (devel), commit 0123abc with changes of 2026-11-30T10:00:00Z, " + platform},
		"without a repository": {debug.BuildInfo{}, "roster unknown, commit unknown of unknown, " + platform},
	} {
		if got := from(&tc.build).String(); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
