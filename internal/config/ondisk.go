package config

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// onDisk checks that directories and files that the configuration names, and that are opened later, are such. An absent directory is made then.
func (d *decoder) onDisk(c *Config) {
	d.directory(c.CacheDir, "cache_dir")
	d.directory(c.Writes.Dir, "writes.dir")
	d.directory(c.Identity.Dir, "identity.dir")
	d.directory(c.CredentialsDir, "credentials_dir")
	if t := c.TrustedDocuments; t != nil {
		d.regular(t.File, "trusted_documents.file")
	}
}

func (d *decoder) directory(name, path string) {
	if name == "" || d.faulty(path) {
		return
	}
	info, err := os.Stat(name)
	absent := errors.Is(err, fs.ErrNotExist) // on Windows, ENOTDIR is the error of an absent parent too
	if err == nil && !info.IsDir() || errors.Is(err, syscall.ENOTDIR) && !absent {
		d.fault(path, "must be a folder, or one that can be made: here, or above it, is a file")
	}
}

func (d *decoder) regular(name, path string) {
	if name == "" || d.faulty(path) {
		return
	}
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		d.fault(path, noSuchFile)
	case err == nil && !info.Mode().IsRegular():
		d.fault(path, notRegular)
	}
}
