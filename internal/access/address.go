package access

import (
	"context"
	"net/netip"
)

type addressKey struct{}

// WithAddress returns a context for the operations of a caller whose address the function returns; the zero address if it is unknown.
func WithAddress(ctx context.Context, address func() netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// addressOf returns the address of the caller; the zero address if it is unknown.
func addressOf(ctx context.Context) netip.Addr {
	if address, ok := ctx.Value(addressKey{}).(func() netip.Addr); ok {
		return address()
	}
	return netip.Addr{}
}
