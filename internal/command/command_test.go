package command

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"roster/graph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A wrong command line ends the program at once: nothing listens, and the error goes to standard error.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args   []string
		usage  bool // the command line is wrong
		stdout string
		stderr string
	}{
		"nothing":                  {args: nil, usage: true, stderr: usage},
		"help":                     {args: []string{"help"}, stdout: usage},
		"--help":                   {args: []string{"--help"}, stdout: usage},
		"-h":                       {args: []string{"-h"}, stdout: usage},
		"demo --help":              {args: []string{"demo", "--help"}, stdout: usage},
		"serve -h":                 {args: []string{"serve", "-h"}, stdout: usage},
		"check --help":             {args: []string{"check", "--help"}, stdout: usage},
		"help behind other flags":  {args: []string{"demo", "--people", "10", "-h"}, stdout: usage},
		"schema --help":            {args: []string{"schema", "--help"}, stdout: usage},
		"schema":                   {args: []string{"schema"}, stdout: graph.Federation(graph.Options{})},
		"an unknown command":       {args: []string{"sevre"}, usage: true, stderr: "roster: there is no command \"sevre\"\n\n" + usage},
		"an unknown flag":          {args: []string{"demo", "--poeple", "5"}, usage: true, stderr: "flag provided but not defined: -poeple\n"},
		"a number that is none":    {args: []string{"demo", "--people", "many"}, usage: true, stderr: "invalid value \"many\" for flag -people: parse error\n"},
		"a time that is none":      {args: []string{"check", "--timeout", "5"}, usage: true, stderr: "invalid value \"5\" for flag -timeout: parse error\n"},
		"a flag without its value": {args: []string{"serve", "--config"}, usage: true, stderr: "flag needs an argument: -config\n"},
		"something behind":         {args: []string{"demo", "fast"}, usage: true, stderr: "roster demo: \"fast\" is not understood\n"},
		"schema for clients":       {args: []string{"schema", "--client", "--prefix", "Roster"}, stdout: graph.Client(graph.Options{Prefix: "Roster"})},
		"schema for two":           {args: []string{"schema", "--client", "--federation"}, usage: true, stderr: "roster schema: --client goes with neither --federation nor --security-directives\n"},
		"something behind schema":  {args: []string{"schema", "users"}, usage: true, stderr: "roster schema: \"users\" is not understood\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			err := Run(t.Context(), tc.args, &stdout, &stderr)
			if tc.usage != errors.Is(err, ErrUsage) || (!tc.usage && err != nil) {
				t.Errorf("the error is %v; misused: want %v", err, tc.usage)
			}
			if stdout.String() != tc.stdout || stderr.String() != tc.stderr {
				t.Errorf("output %q, errors %q; want %q and %q", stdout.String(), stderr.String(), tc.stdout, tc.stderr)
			}
		})
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	t.Parallel()
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close() //nolint:errcheck // no check depends on it
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"a busy port":         {[]string{"demo", "--people", "30", "--listen", busy.Addr().String()}, "address already in use"},
		"no address":          {[]string{"demo", "--people", "30", "--listen", "here"}, "--listen"},
		"nobody":              {[]string{"demo", "--people", "0"}, "between 25 and 1000000"},
		"more than there are": {[]string{"demo", "--people", "1000001"}, "between 25 and 1000000"},
		"no configuration":    {[]string{"serve", "--config", t.TempDir() + "/none.yaml"}, "there is no such configuration file"},
		"nothing to check":    {[]string{"check", "--config", t.TempDir() + "/none.yaml"}, "there is no such configuration file"},
		"a folder for a file": {[]string{"check", "--config", t.TempDir()}, "is not usable"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			err := Run(t.Context(), tc.args, &stdout, &stderr)
			if err == nil || errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("the error is %v, want it to say %q", err, tc.says)
			}
			if stdout.Len() > 0 {
				t.Errorf("it says %q as if all were well", &stdout)
			}
		})
	}
}

// The demo prints its address when it can answer, and ends when its context ends.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, said := io.Pipe()
	ended := make(chan error, 1)
	var stderr strings.Builder
	go func() {
		ended <- Run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--people", "30"}, said, &stderr)
		said.Close() //nolint:errcheck // it never fails
	}()
	text := make([]byte, 4096)
	n, err := out.Read(text)
	if err != nil {
		t.Fatalf("the demo says nothing: %v; %v", err, <-ended)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(string(text[:n]))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, want := range map[string]string{
		"/readyz": "ready\n", "/healthz": "ok\n",
		"/graphql?query={users(filter:{bot:false}){completeness{complete}}}": `{"data":{"users":{"completeness":{"complete":true}}}}`,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s gives %q, %v; want %q", path, body, err, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if stderr.Len() > 0 {
		t.Errorf("the log has %s", &stderr)
	}
}
