//go:build !unix

package httpapi

import "net"

// directWriter writes nothing: without Unix, every write has a deadline.
type directWriter struct{}

func newDirectWriter(net.Conn) *directWriter { return nil }

func (*directWriter) write([]byte) int { return 0 }
