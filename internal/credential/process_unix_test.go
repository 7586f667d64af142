//go:build unix

package credential_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/connectors"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
	"roster/internal/credential"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/tokens"
	"roster/internal/seal"
)

// The environment of a process that is a replica: the store of its tokens, the address of the vendor, the first configured grant, and the step at
// which the process dies or sleeps.
const (
	storeEnv  = "ROSTER_TEST_STORE"
	vendorEnv = "ROSTER_TEST_VENDOR"
	firstEnv  = "ROSTER_TEST_FIRST"
	fatalEnv  = "ROSTER_TEST_FATAL"
)

const (
	clientID    = "6f1d-client"
	appSecret   = "canary-client-secret"
	redirectURI = "https://roster.example/done"
	firstToken  = "canary-first-refresh"
)

var encryptionKey = strings.Repeat("k", seal.KeySize)

func TestMain(m *testing.M) {
	if os.Getenv(storeEnv) != "" {
		os.Exit(replica())
	}
	os.Exit(m.Run())
}

// replica is the main function of the other process. For each line of its input, it fetches from the source once and prints the result.
func replica() int {
	fatal, asleep := os.Getenv(fatalEnv), "asleep when "
	lease := leaseFor
	if strings.HasPrefix(fatal, asleep) {
		lease = time.Second // it ends while the process sleeps
	}
	store, err := openStore(os.Getenv(storeEnv), lease)
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	k := credential.New(credential.Options{Store: store, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Fault: func(point string) {
		switch fatal {
		case point:
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case asleep + point:
			fatal = ""
			awake := make(chan os.Signal, 1)
			signal.Notify(awake, syscall.SIGCONT)
			_, _ = io.WriteString(os.Stdout, "sleeping\n")
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			<-awake // the signal may stop another thread first, and this thread a little later
		}
	}})
	s, err := kommo.Open(connectors.Config{Name: "crm", Kind: "kommo", URL: os.Getenv(vendorEnv), Timeout: time.Minute,
		Runtime: connectors.Runtime{Tokens: k}, Settings: &kommo.Settings{OAuth: &connectors.OAuth{
			ClientID: clientID, ClientSecret: appSecret, RedirectURI: redirectURI, RefreshToken: connectors.Secret(os.Getenv(firstEnv)),
		}}})
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, err := s.Contacts.List(context.Background(), nil)
		if err == nil {
			fmt.Fprintln(os.Stdout, "ok", s.Credential().State, s.Credential().Detail)
		} else {
			fmt.Fprintf(os.Stdout, "%s; %s\n", err, s.Credential().State)
		}
	}
	k.Close()
	return 0
}

// leaseFor is so long that no process loses its lock because the machine is busy. EndLocks ends those of a process that is dead or stopped.
const leaseFor = time.Minute

func endLocks(t *testing.T, place string) {
	t.Helper()
	if !strings.HasPrefix(place, "redis://") {
		return // the lock of a file ends with its process
	}
	options, err := goredis.ParseURL(place)
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(options)
	defer c.Close() //nolint:errcheck // nothing depends on it
	locks, err := c.Keys(t.Context(), "*:lock").Result()
	if err == nil && len(locks) > 0 {
		err = c.Del(t.Context(), locks...).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// openStore opens a directory, or a Redis if place is an address.
func openStore(place string, lease time.Duration) (credential.Store, error) {
	if !strings.HasPrefix(place, "redis://") {
		return credential.OpenDir(place)
	}
	r, err := redis.Open(redis.Options{URL: place, Key: []byte(encryptionKey), CallTimeout: time.Minute, LeaseFor: lease})
	if err != nil {
		return nil, err
	}
	return tokens.New(r)
}

// process is a replica in its own process.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	log *strings.Builder
}

// start starts a replica that dies at the step fatal, if fatal is not empty.
func start(t *testing.T, place, vendor, first, fatal string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0]), log: &strings.Builder{}}
	p.cmd.Env = append(os.Environ(), storeEnv+"="+place, vendorEnv+"="+vendor, firstEnv+"="+first, fatalEnv+"="+fatal)
	p.cmd.Stderr = p.log
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	return p
}

// end lets the process end, and checks its log.
func (p *process) end() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
	noSecret(p.t, "the log", p.log.String())
}

// ask makes the process fetch. It returns an empty text if the process has died.
func (p *process) ask() string {
	p.send()
	return p.answer()
}

func (p *process) send() { _, _ = io.WriteString(p.in, "\n") }

func (p *process) answer() string {
	p.t.Helper()
	if !p.out.Scan() {
		return ""
	}
	noSecret(p.t, "the answer", p.out.Text())
	return p.out.Text()
}

func noSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{"canary", "def50200", "eyJ", hex.EncodeToString([]byte("def50200"))} {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows a secret: %s", what, text)
		}
	}
}

// vendor serves Kommo with one authorisation.
func vendor(t *testing.T, options fake.Options) (*fake.Server, string) {
	t.Helper()
	options.NoLimits = true
	v := fake.New(fake.Data{
		Account: fake.Account{ID: 7, Name: "Harbour"}, Contacts: []fake.Contact{{ID: 1, Name: "Ada"}},
		Integration: &fake.Integration{ClientID: clientID, Secret: appSecret, RedirectURI: redirectURI},
		Grants:      []fake.Grant{{Value: firstToken, UserID: 1, Admin: true}},
	}, options)
	s := httptest.NewServer(v)
	t.Cleanup(s.Close)
	return v, s.URL
}

// places are the stores that survive a process. Each test gets new ones.
var places = map[string]func(*testing.T) string{
	"files": func(t *testing.T) string { return t.TempDir() },
	"redis": func(t *testing.T) string { return "redis://" + durable(t).Addr },
}

func durable(t *testing.T) *redistest.Server {
	t.Helper()
	return redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
}

// If a process is killed at any step of a renewal and started again, it continues without a new authorisation, unless the vendor's answer was lost
// with the process. In that case it reports the loss, and what to do.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	steps := []struct {
		point string
		lost  bool
		files bool // only for stores with files
	}{
		{point: "locked"}, {point: "about to note"}, {point: "noted"}, {point: "answered", lost: true}, {point: "stored"},
		{point: "file half written", files: true}, {point: "file written", files: true}, {point: "file in place", files: true},
	}
	for kind, place := range places {
		for _, step := range steps {
			if step.files && kind != "files" {
				continue
			}
			for _, first := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/first %v", kind, step.point, first), func(t *testing.T) {
					t.Parallel()
					where := place(t)
					v, url := vendor(t, fake.Options{})
					if !first { // the store already has a pair, whose access token has expired
						if got := start(t, where, url, firstToken, "").ask(); got != "ok good " {
							t.Fatal(got)
						}
						v.RevokeAccess()
					}
					p := start(t, where, url, firstToken, step.point)
					if got := p.ask(); got != "" {
						t.Fatalf("it should have died: %s", got)
					}
					endLocks(t, where)
					got := start(t, where, url, firstToken, "").ask()
					if !step.lost && got != "ok good " {
						t.Errorf("after a restart: %q", got)
					}
					if step.lost && (!strings.Contains(got, "unauthorized") || !strings.Contains(got, "was lost") || !strings.Contains(got, "authorise again") ||
						!strings.HasSuffix(got, "; refused")) {
						t.Errorf("after a restart: %q; want a clear word that the answer was lost", got)
					}
				})
			}
		}
	}
}

// If the process is killed while the vendor works, before the vendor has issued the new pair, nothing is lost. After that, the pair is lost.
func TestKilledWhileTheVendorAnswers(t *testing.T) {
	t.Parallel()
	for _, issued := range []bool{false, true} {
		t.Run(fmt.Sprintf("issued %v", issued), func(t *testing.T) {
			t.Parallel()
			v, url := vendor(t, fake.Options{})
			var p *process
			var once sync.Once
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if issued {
					v.ServeHTTP(w, r)
				}
				once.Do(func() { _ = p.cmd.Process.Kill() })
			}))
			t.Cleanup(front.Close)
			dir := t.TempDir()
			p = start(t, dir, front.URL, firstToken, "")
			if issued {
				v.Configure(func(k *fake.Options) { k.AfterToken = sync.OnceFunc(func() { _ = p.cmd.Process.Kill() }) })
			}
			if got := p.ask(); got != "" {
				t.Fatal(got)
			}
			got := start(t, dir, url, firstToken, "").ask()
			if issued == (got == "ok good ") {
				t.Errorf("after a restart: %q", got)
			}
		})
	}
}

// However many replicas find an expired token, one of them renews it and the others use the new pair.
func TestReplicasRenewOnce(t *testing.T) {
	t.Parallel()
	for kind, place := range places {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			where := place(t)
			v, url := vendor(t, fake.Options{})
			var ps []*process
			for range 3 {
				ps = append(ps, start(t, where, url, firstToken, ""))
			}
			for round := 1; round <= 2; round++ {
				for _, p := range ps {
					p.send()
				}
				for i, p := range ps {
					if got := p.answer(); got != "ok good " {
						t.Errorf("round %d, replica %d: %s", round, i, got)
					}
				}
				if n := v.Calls()["token.refresh"]; n != round {
					t.Errorf("round %d: %d refreshes", round, n)
				}
				v.RevokeAccess()
			}
		})
	}
}

// A replica that is stopped while the vendor answers continues with the pair that another replica has obtained meanwhile.
func TestSleeperTakesWhatAnotherHasRenewed(t *testing.T) {
	t.Parallel()
	where := places["redis"](t)
	v, url := vendor(t, fake.Options{})
	asked, answer := make(chan struct{}), make(chan struct{})
	v.Configure(func(k *fake.Options) {
		k.OnRequest = func(op string, n int) {
			if op == "token.refresh" && n == 1 {
				close(asked)
				<-answer
			}
		}
	})
	sleeper := start(t, where, url, firstToken, "")
	sleeper.send()
	<-asked
	if err := sleeper.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	endLocks(t, where)
	other := start(t, where, url, firstToken, "")
	if got := other.ask(); got != "ok good " {
		t.Errorf("the other, once the sleeper's lock has ended: %s", got)
	}
	close(answer)
	if err := sleeper.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := sleeper.answer(); got != "ok good " {
		t.Errorf("the sleeper: %s", got)
	}
}

// A replica that is stopped before it sends the grant does not send it.
func TestSleeperDoesNotSendWhatIsDead(t *testing.T) {
	t.Parallel()
	where := places["redis"](t)
	v, url := vendor(t, fake.Options{})
	sleeper := start(t, where, url, firstToken, "asleep when locked")
	if got := sleeper.ask(); got != "sleeping" {
		t.Fatal(got)
	}
	if got := start(t, where, url, firstToken, "").ask(); got != "ok good " {
		t.Errorf("the other, once the sleeper's lock has ended: %s", got)
	}
	if err := sleeper.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := sleeper.answer(); got != "ok good " {
		t.Errorf("the sleeper: %s", got)
	}
	if n := v.Calls()["token.refresh"]; n != 1 {
		t.Errorf("%d refreshes, want one", n)
	}
}

// A new refresh token in the configuration takes precedence over the stored pair. The chain of the old refresh token stays available for an old
// configuration.
func TestNewFirstTokenWins(t *testing.T) {
	t.Parallel()
	for kind, place := range places {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			where := place(t)
			v, url := vendor(t, fake.Options{})
			if got := start(t, where, url, firstToken, "").ask(); got != "ok good " {
				t.Fatal(got)
			}
			v.RevokeGrants()
			v.RevokeAccess()
			if got := start(t, where, url, firstToken, "").ask(); !strings.Contains(got, "authorise again") {
				t.Errorf("with everything revoked: %s", got)
			}
			v.Update(func(d *fake.Data) { d.Grants = []fake.Grant{{Value: "canary-second", UserID: 1, Admin: true}} })
			for range 2 {
				if got := start(t, where, url, "canary-second", "").ask(); got != "ok good " {
					t.Errorf("with a new first token: %s", got)
				}
			}
		})
	}
}
