package e2e_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"roster/internal/logtest"
)

// proxyServer is a real proxy server in front of Roster, with a configuration of the folder deploy.
type proxyServer struct {
	address string // where it listens
	client  *tls.Config
	log     *logtest.Buffer
}

// siteName is the name that the configurations of the folder deploy have.
const siteName = "roster.example.com"

// proxyServers start the proxies that docs/deploy.md describes.
var proxyServers = map[string]func(t *testing.T, roster string) *proxyServer{"nginx": nginx, "Caddy": caddy, "HAProxy": haproxy}

// deployed reads a configuration, and replaces each of the texts by the one after it.
func deployed(t *testing.T, name string, replaced ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	config := string(data)
	for i := 0; i < len(replaced); i += 2 {
		if !strings.Contains(config, replaced[i]) {
			t.Errorf("%s does not hold %q", name, replaced[i])
		}
		config = strings.ReplaceAll(config, replaced[i], replaced[i+1])
	}
	return config
}

const rosterAddress = "127.0.0.1:8080" // in these configurations

func nginx(t *testing.T, roster string) *proxyServer {
	t.Helper()
	p, dir, cert, key := newProxyServer(t)
	site := deployed(t, "nginx.conf", rosterAddress, roster, "listen 443 ssl", "listen "+p.address+" ssl",
		"/etc/ssl/certs/roster.pem", cert, "/etc/ssl/private/roster.key", key)
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	temporary := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += kind + "_temp_path " + filepath.Join(dir, kind) + ";\n"
	}
	main := user + "daemon off;\nworker_rlimit_nofile 8192;\npid " + filepath.Join(dir, "pid") + ";\nevents { worker_connections 4096; }\nhttp {\naccess_log off;\n" +
		temporary + site + "}\n"
	p.run(t, "nginx", nil, "-e", "stderr", "-p", dir, "-c", placed(t, dir, "nginx.conf", main))
	return p
}

func caddy(t *testing.T, roster string) *proxyServer {
	t.Helper()
	p, dir, cert, key := newProxyServer(t)
	site := deployed(t, "Caddyfile", rosterAddress, roster, siteName+" {", "https://"+siteName+":"+portOf(p.address)+" {\n\tbind 127.0.0.1\n\ttls "+cert+" "+key)
	p.run(t, "caddy", []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir},
		"run", "--adapter", "caddyfile", "--config", placed(t, dir, "Caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n"+site))
	return p
}

func haproxy(t *testing.T, roster string) *proxyServer {
	t.Helper()
	p, dir, cert, key := newProxyServer(t)
	pem := ""
	for _, name := range []string{cert, key} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pem += string(data)
	}
	site := deployed(t, "haproxy.cfg", rosterAddress, roster, "bind :443", "bind "+p.address, "/etc/haproxy/roster.pem", placed(t, dir, "roster.pem", pem))
	p.run(t, "haproxy", nil, "-db", "-f", placed(t, dir, "haproxy.cfg", "global\n    maxconn 4096\n\n"+site))
	return p
}

func newProxyServer(t *testing.T) (p *proxyServer, dir, cert, key string) {
	t.Helper()
	files, trusted := secured(t)
	cert, _ = files["cert_file"].(string)
	key, _ = files["key_file"].(string)
	trusted.ServerName = siteName
	return &proxyServer{address: adminOf(t), client: trusted, log: new(logtest.Buffer)}, t.TempDir(), cert, key
}

// run runs the proxy until the test ends. It waits until the proxy listens.
func (p *proxyServer) run(t *testing.T, name string, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), needs(t, name), args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		cmd.Wait() //nolint:errcheck // its log says what was wrong
		close(exited)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		<-exited
		if t.Failed() {
			t.Logf("the log of %s:\n%.4000s", name, p.log)
		}
	})
	eventually(t, name+" listens", func() bool {
		select {
		case <-exited:
			t.Fatalf("%s has ended; its log:\n%s", name, p.log)
		default:
		}
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
		if err == nil {
			c.Close() //nolint:errcheck // it has only been opened to see whether it can be
		}
		return err == nil
	})
}

// from returns a client that has an address of its own, and connects to the proxy whatever name it asks for.
func (p *proxyServer) from(t *testing.T, address netip.Addr, http2 bool) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(address, 0))}
	transport := &http.Transport{
		TLSClientConfig: p.client.Clone(), ForceAttemptHTTP2: http2, MaxIdleConnsPerHost: 16,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, p.address)
		},
	}
	if !http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (p *proxyServer) url() string { return "https://" + siteName + ":" + portOf(p.address) }

func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(fmt.Sprint("no address: ", address))
	}
	return port
}

func placed(t *testing.T, dir, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The page for operators shows the configurations that these tests run.
func TestDeployPageShowsWhatIsTested(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(repository, "docs/deploy.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, language := range map[string]string{"nginx.conf": "nginx", "Caddyfile": "caddyfile", "haproxy.cfg": "haproxy"} {
		if !strings.Contains(string(page), "```"+language+"\n"+deployed(t, name)+"```\n") {
			t.Errorf("docs/deploy.md does not show deploy/%s as it is", name)
		}
	}
}
