package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"roster/graph"
	"roster/internal/buildinfo"
	"roster/resolvers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is asked for goes to standard output, and nothing else does. TestTranscript has what is wrong.
func TestOutput(t *testing.T) {
	t.Parallel()
	whoSees, err := resolvers.WhoSees(graph.Options{Prefix: "Roster"})
	if err != nil || !strings.Contains(whoSees, "RosterUser.phones ") {
		t.Fatalf("error %v, table:\n%s", err, whoSees)
	}
	for name, tc := range map[string]struct {
		args   []string
		stdout string
	}{
		"schema":             {[]string{"schema"}, graph.Federation(graph.Options{})},
		"schema for clients": {[]string{"schema", "--client", "--prefix", "Roster"}, graph.Client(graph.Options{Prefix: "Roster"})},
		"schema, who sees":   {[]string{"schema", "--who-sees", "--prefix", "Roster"}, whoSees},
		"version":            {[]string{"version"}, buildinfo.Read().String() + "\n"},
		"--version":          {[]string{"--version"}, buildinfo.Read().String() + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			if err := Run(t.Context(), tc.args, &stdout, &stderr); err != nil || stdout.String() != tc.stdout || stderr.Len() > 0 {
				t.Errorf("error %v, output %q, errors %q; want output %q", err, &stdout, &stderr, tc.stdout)
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
		args   []string
		misuse bool
		says   string
	}{
		"a busy port":           {[]string{"demo", "--people", "30", "--listen", busy.Addr().String()}, false, "in use by another process"},
		"no address":            {[]string{"demo", "--people", "30", "--listen", "here"}, true, "--listen: must be host:port"},
		"no port":               {[]string{"demo", "--people", "30", "--listen", "127.0.0.1:0", "--systems", "127.0.0.1:99999"}, true, "a port from 0 to 65535"},
		"nobody":                {[]string{"demo", "--people", "0"}, true, "from 25 to 1000000"},
		"more than there are":   {[]string{"demo", "--people", "1000001"}, true, "from 25 to 1000000"},
		"more than can be":      {[]string{"demo", "--people", "99999999999999999999"}, true, `"99999999999999999999" is out of range`},
		"no configuration":      {[]string{"serve", "--config", t.TempDir() + "/none.yaml"}, false, "there is no such configuration file"},
		"nothing to check":      {[]string{"check", "--config", t.TempDir() + "/none.yaml"}, false, "there is no such configuration file"},
		"a folder for a file":   {[]string{"check", "--config", t.TempDir()}, false, "is not usable"},
		"a variable not set":    {[]string{"serve", "--pid-file", ""}, true, "--pid-file is empty"},
		"no source without":     {[]string{"demo", "--without", ""}, true, "--without is empty"},
		"no origin":             {[]string{"demo", "--cors", ""}, true, "--cors is empty"},
		"a name with spaces":    {[]string{"key", "Ann B"}, true, `the name "Ann B" cannot be used`},
		"two names":             {[]string{"key", "ann", "--name", "bob"}, true, "not with both"},
		"a port beyond 65535":   {[]string{"healthcheck", "--url", "http://127.0.0.1:99999/readyz"}, true, "the port must be a number"},
		"a flag of a command":   {[]string{"--pid-file", "x"}, true, "must follow the command to which it belongs: roster reload, roster serve"},
		"a host without a name": {[]string{"healthcheck", "--url", "http://nowhere..invalid/readyz"}, false, "the host name nowhere..invalid is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			err := Run(t.Context(), tc.args, &stdout, &stderr)
			if said := fmt.Sprint(err, stderr.String()); err == nil || errors.Is(err, ErrUsage) != tc.misuse || !strings.Contains(said, tc.says) {
				t.Errorf("the error is %q (misuse: %v), want it to say %q", said, !tc.misuse, tc.says)
			}
			if stdout.Len() > 0 {
				t.Errorf("it says %q as if all were well", &stdout)
			}
		})
	}
}

// Each command has a help of its own, which explains each flag.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "demo", "serve", "check", "reload", "healthcheck", "cache", "cache clear", "webhooks", "webhooks list", "webhooks test", "key", "schema", "version", "completion"} {
		var stdout, stderr strings.Builder
		args := append(strings.Fields(command), "--help")
		if err := Run(t.Context(), args, &stdout, &stderr); err != nil || stderr.Len() > 0 {
			t.Errorf("%v: error %v, errors %q", args, err, &stderr)
		}
		if !strings.Contains(stdout.String(), strings.TrimSpace("roster "+command)) {
			t.Errorf("%v: the help is not that of the command:\n%s", args, &stdout)
		}
		for line := range strings.Lines(stdout.String()) {
			if flag := regexp.MustCompile(`^\s+(-\w, )?--[\w-]+( [\w-]+)?\s*`).FindString(line); flag != "" && strings.TrimSpace(line) == strings.TrimSpace(flag) {
				t.Errorf("%v: a flag is not explained: %s", args, line)
			}
		}
	}
}

// The scripts of shells ask the program itself how to complete a line.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		var stdout strings.Builder
		if err := Run(t.Context(), []string{"completion", shell}, &stdout, io.Discard); err != nil || !strings.Contains(stdout.String(), "__complete") {
			t.Errorf("%s: error %v, script %q", shell, err, &stdout)
		}
	}
	for line, want := range map[string]string{
		"de": "demo", "demo --peo": "--people", "demo --without roc": "rocketchat", "cache cl": "clear", "serve --pid": "--pid-file",
	} {
		var stdout strings.Builder
		if err := Run(t.Context(), append([]string{"__complete"}, strings.Split(line, " ")...), &stdout, io.Discard); err != nil || !strings.Contains(stdout.String(), want) {
			t.Errorf("%s: error %v, completions %q; want %s", line, err, &stdout, want)
		}
	}
}

// The demo prints its address when it can answer, and ends when its context ends.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	var stderr strings.Builder
	go func() {
		ended <- Run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--people", "30"}, in, &stderr)
		in.Close() //nolint:errcheck // it never fails
	}()
	said := bufio.NewScanner(out)
	address, ready := "", false
	for !ready && said.Scan() {
		if address == "" { // it is in the first line, before the company is read
			address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(said.Text())
		}
		ready = said.Text() == "Roster is ready: "+address
	}
	if !ready {
		t.Fatalf("the demo does not say that it is ready at %s; %v", address, <-ended)
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // what follows may not block the demo
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
