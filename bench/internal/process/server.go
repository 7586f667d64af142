package process

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// StartServer starts a Roster with a configuration, which it writes into a directory, and waits until it has fetched all sources. It returns where the server
// listens, as host:port.
func StartServer(ctx context.Context, binary, dir string, config []byte) (p *Process, address string, err error) {
	path := filepath.Join(dir, "roster.yaml")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return nil, "", err
	}
	if p, err = Start(ctx, binary, "serve", "--config", path); err != nil {
		return nil, "", err
	}
	address, err = p.Await("Roster listens on ")
	if err == nil {
		_, err = p.Await("Every collection has been read")
	}
	if err != nil {
		p.Stop()
		return nil, "", err
	}
	return p, strings.TrimPrefix(address, "http://"), nil
}

// FreeAddress returns a loopback address on which nothing listens.
func FreeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
