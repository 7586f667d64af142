package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"roster/connectors"
	"roster/internal/sandbox"
	"roster/web/browsertest"
)

var update = flag.Bool("update", false, "write the expected answers of the examples anew")

// binary is the program under test.
var binary string

// client is not the default one, whose idle connections each httptest.Server that closes closes too: a POST on one of them would fail.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// repository is where the examples are, seen from here.
const repository = "../.."

// fakeEnv makes this test binary a process that serves one system of the invented company, of the kind it names.
const fakeEnv = "ROSTER_E2E_FAKE"

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeEnv); kind != "" {
		if err := serveFake(connectors.KindName(kind)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// Most of these tests wait for processes most of the time: they bear more company than there are processors.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	flag.Parse() // which may say otherwise
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "roster-e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nothing depends on it
	binary = filepath.Join(dir, "roster")
	build := exec.CommandContext(context.Background(), "go", append(append([]string{"build"}, buildFlags...), "-o", binary, "roster")...)
	if out, err := build.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("the program does not build: %w\n%s", err, out))
	}
	code := m.Run()
	browsertest.Close()
	if p := demo.started(); p != nil {
		if err := p.stop(); err != nil {
			return fail(fmt.Errorf("the demo that the tests shared: %w", err))
		}
	}
	return code
}

// serveFake serves one system until standard input ends, and tells by a line of configuration where it is.
func serveFake(kind connectors.KindName) error {
	one, err := sandbox.StartOne(context.Background(), kind, sandbox.Options{Seed: demoSeed})
	if err != nil {
		return err
	}
	if _, err := fmt.Println(inYAML(sourceSettings(one.Sources()[0]))); err != nil { //nolint:forbidigo // this is how it tells
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, one.Close())
}

// demoSeed is the seed that the demo's usual company comes from.
const demoSeed = 1

// shared is the demo, which those tests share that change nothing.
type shared struct {
	once sync.Once
	p    *program
	err  error
}

var demo shared

func (s *shared) started() *program { return s.p }

// theDemo gives the address of the demo.
func theDemo(t *testing.T) *program {
	t.Helper()
	demo.once.Do(func() {
		demo.p, demo.err = launch("demo", "--listen", "127.0.0.1:0")
		if demo.err == nil {
			demo.err = demo.p.awaitAddress("Roster is ready: ")
		}
	})
	if demo.err != nil {
		t.Fatal(demo.err)
	}
	return demo.p
}
