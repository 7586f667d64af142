// Package config reads the one configuration file. It owns the names, defaults and limits of all settings, and reports all faults of a
// file at once, each with its line, before the program starts. It knows a kind of source only by its connectors.Kind. It opens no
// connection, and its messages contain no value of the file, because a value may be a secret.
package config

//go:generate go run roster/internal/config/doc ../../docs
