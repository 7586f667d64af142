package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a setting names on the disk is checked before anything is opened: the messages say which setting, and what to do.
func TestOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", "x")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	const folder, absent = "must be a folder, or one that can be made: here, or above it, is a file", "there is no such file"
	n := 0
	for _, tc := range []struct{ setting, value, want string }{
		{"cache_dir: %s", "file", "cache_dir: " + folder},
		{"cache_dir: %s", "file/below", "cache_dir: " + folder},
		{"cache_dir: %s", "folder", ""},
		{"cache_dir: %s", "new/folder", ""},
		{"writes: {dir: %s}", "file", "writes.dir: " + folder},
		{"identity: {dir: %s}", "file", "identity.dir: " + folder},
		{"credentials_dir: %s", "file", "credentials_dir: " + folder},
		{"trusted_documents: {file: %s}", "file", ""}, // what is in it, the program finds out
		{"trusted_documents: {file: %s}", "folder", "trusted_documents.file: " + notRegular},
		{"trusted_documents: {file: %s}", "dangling", "trusted_documents.file: " + absent},
		{"redis: {url: \"rediss://r.example\", tls: {ca_file: %s}}", "dangling", "redis.tls.ca_file: " + absent},
		{"redis: {url: \"redis://r.example\", password_file: %s}", "folder", "redis.password_file: " + notRegular},
		{"redis: {url: \"redis://r.example\", encryption_key_file: %s}", "dangling", "redis.encryption_key_file: " + absent},
		{"tls: {cert_file: %[1]s, key_file: %[1]s}", "dangling", "tls.key_file: " + absent},
		{"tls: {cert_file: %[1]s, key_file: %[1]s}", "folder", "tls.cert_file: " + notRegular},
	} {
		n++
		name := fmt.Sprintf("%d.yaml", n)
		write(t, dir, name, "sources: [{name: a, kind: kommo, url: \"https://a.example\", access_token: x}]\n"+fmt.Sprintf(tc.setting, tc.value))
		_, err := Open(filepath.Join(dir, name), testEnv).Load()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf(tc.setting+": %v, want %q", tc.value, err, tc.want)
		}
	}
}

// A file that this user may not read is not mistaken for an absent or an empty one. (The superuser may read every file, so no real one is used.)
func TestFileWithoutPermission(t *testing.T) {
	t.Parallel()
	d := newDecoder(testEnv, func(name string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	})
	d.secretFile("key.pem", "tls.key_file")
	if got := d.faults.Error(); !strings.Contains(got, "tls.key_file: the file may not be read by the user that runs Roster") {
		t.Error(got)
	}
}
