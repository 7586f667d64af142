// Package systemd tells systemd about the state of the program, if systemd has started it with Type=notify. Otherwise it does nothing.
package systemd

import "github.com/coreos/go-systemd/v22/daemon"

// Ready says that the program is ready, or ready again after Reloading.
func Ready() { notify(daemon.SdNotifyReady) }

// Reloading says that the program reads its configuration again. Ready must follow.
func Reloading() {
	notify(daemon.SdNotifyMonotonicUsec() + daemon.SdNotifyReloading)
}

// Stopping says that the program is about to end.
func Stopping() { notify(daemon.SdNotifyStopping) }

// notify ignores errors: that systemd does not listen is no reason not to serve.
func notify(state string) {
	daemon.SdNotify(false, state) //nolint:errcheck // see above
}
