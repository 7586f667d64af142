// Package config reads the one configuration file. It owns the names, defaults and limits of all settings, and says what is wrong with a
// file: everything at once, each fault with its place, before anything is started. It knows a kind of source only by
// what it is registered with; it opens no connection, and no message of its holds a value from the file, since any of them may be a secret.
package config

//go:generate go run roster/internal/config/doc ../../docs
