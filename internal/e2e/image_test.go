//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"roster/internal/sandbox"
)

// imageUser is the user and group of the image's program.
const imageUser = 65532

// buildah is the tool that builds images, with a store of its own.
type buildah struct{ path, store, run string }

func (b buildah) do(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.path, append([]string{"--storage-driver", "vfs", "--root", b.store, "--runroot", b.run}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		said, _ := errors.AsType[*exec.ExitError](err)
		t.Fatalf("buildah %s: %v\n%s\n%+v", args[0], err, out, said)
	}
	return strings.TrimSpace(string(out))
}

// The image has the program and nothing that it does not need. As the image's user, which may write nothing, the program serves the configuration of
// compose.yaml.
func TestImage(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can run the program in the image's file system")
	}
	b := buildah{needs(t, "buildah"), t.TempDir(), t.TempDir()}
	// The stage that compiles needs an image of Go, and so a registry. Its result comes from a folder instead.
	built := t.TempDir()
	for path, content := range map[string][]byte{"out/roster": staticProgram(t), "out/NOTICES.txt": nil, "etc/ssl/certs/ca-certificates.crt": []byte("# the certificates of public authorities\n")} {
		to := filepath.Join(built, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.do(t, "bud", "--isolation", "chroot", "--format", "docker", "--build-context", "build="+built,
		"-f", filepath.Join(repository, "deploy", "Dockerfile"), "-t", "roster", repository)
	root := b.do(t, "mount", b.do(t, "from", "roster"))

	var files []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		owner, _ := info.Sys().(*syscall.Stat_t)
		if info.Mode().Perm()&0o022 != 0 || owner == nil || owner.Uid == imageUser {
			t.Errorf("%s can be written: %s", strings.TrimPrefix(path, root), info.Mode())
		}
		if !e.IsDir() {
			files = append(files, strings.TrimPrefix(path, root))
		}
		return nil
	})
	if got := strings.Join(files, " "); err != nil || got != "/NOTICES.txt /etc/ssl/certs/ca-certificates.crt /roster" {
		t.Errorf("the image has %s: %v", got, err)
	}
	runImage(t, root, imageConfig(t, b))
}

// dockerConfig is what an image says about how it is run.
type dockerConfig struct {
	User, WorkingDir string
	Entrypoint, Cmd  []string
	Healthcheck      struct{ Test []string }
}

func imageConfig(t *testing.T, b buildah) dockerConfig {
	t.Helper()
	var image struct {
		Docker struct {
			Config dockerConfig `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(b.do(t, "inspect", "--type", "image", "roster")), &image); err != nil {
		t.Fatal(err)
	}
	return image.Docker.Config
}

// runImage runs the program in the image's file system as a container would.
func runImage(t *testing.T, root string, image dockerConfig) {
	t.Helper()
	if want := "65532:65532"; image.User != want {
		t.Errorf("the image runs as %q, want %q", image.User, want)
	}
	source := system(t, sandbox.RocketChat, smallCompany).Sources()[0]
	secrets := sandbox.Credentials(sandbox.RocketChat)
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "compose", "roster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	main, admin := adminOf(t), adminOf(t)
	config := strings.NewReplacer(
		"0.0.0.0:8080", main, "0.0.0.0:9091", admin, "redis://redis:6379", "redis://127.0.0.1:1",
		"/run/secrets/rocketchat_token", "/etc/roster/token", "\n    kind:", "\n    rate_limit: { calls: 1000000, per: 1ms }\n    kind:",
	).Replace(string(text))
	for path, content := range map[string]string{"roster.yaml": config, "token": fmt.Sprint(secrets["auth_token"])} {
		if err := os.WriteFile(filepath.Join(root, image.WorkingDir, path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	key, hash := newKey(t)
	inside := func(args []string) *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), args[0], args[1:]...)
		cmd.Dir = image.WorkingDir
		cmd.Env = []string{"ROSTER_KEY_HASH=" + hash, "ROCKETCHAT_URL=" + source.URL, "ROCKETCHAT_USER_ID=" + fmt.Sprint(secrets["user_id"])}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: imageUser, Gid: imageUser}}
		return cmd
	}
	p, err := launchCommand(inside(append(image.Entrypoint, image.Cmd...)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	p.awaitFirstReading(t)
	p.url = "http://" + main
	if status, body := fetch(t, "http://"+admin+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: HTTP %d %s", status, body)
	}
	query := []byte(`{"query":"{ users(first: 1) { totalCount } }"}`)
	a := p.send(t, http.MethodPost, "", "application/json", query, "Authorization", "Bearer "+key)
	if !strings.HasPrefix(string(a.Data), `{"users":{"totalCount":`) {
		t.Errorf("a query gets %s", a.Body)
	}
	health := image.Healthcheck.Test
	if len(health) < 2 || health[0] != "CMD" {
		t.Fatalf("the image's health check is %q", health)
	}
	for i := range health {
		health[i] = strings.ReplaceAll(health[i], "127.0.0.1:8080", main)
	}
	if out, err := inside(health[1:]).CombinedOutput(); err != nil {
		t.Errorf("the health check: %v\n%s", err, out)
	}
}

// staticProgram gives the program as make build makes it.
func staticProgram(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", path, "roster")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return program
}
