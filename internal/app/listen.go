package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"roster/internal/httpapi"
)

// Listen listens on an address. The error names the setting that the address is from, and the one that takes another address.
func Listen(ctx context.Context, setting, address, another string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, cannotListen(setting, address, another, err)
	}
	return l, nil
}

// listenAdmin listens for the operator if the configuration has a separate listener; it returns nil otherwise.
func listenAdmin(ctx context.Context, address string) (*httpapi.AdminListener, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // a nil listener serves nothing
	}
	l, err := httpapi.ListenAdmin(ctx, address)
	if err != nil {
		return nil, cannotListen("admin.listen", address, "the setting admin.listen", err)
	}
	return l, nil
}

func cannotListen(setting, address, another string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %s is in use by another process: end that process, or choose another address with %s", setting, address, another)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not listen on %s: choose a port from 1024 on with %s", setting, address, another)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: %s is not an address of this machine: choose another one with %s", setting, address, another)
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return fmt.Errorf("%s: this machine does not know the name in %s: choose another address with %s", setting, address, another)
	}
	return fmt.Errorf("%s: %w", setting, err)
}
