package filestore

import (
	"crypto/rand"
	"errors"
	"os"
	"runtime"
	"time"
)

// Put replaces the content of a file, or creates it. Modified is the file's modification time; zero means now. After an error, the file has its old
// content or, if only the last step failed, its new content.
func (d *Dir) Put(name string, data []byte, modified time.Time) error {
	return d.unusable("written to", d.in(name, func(root *os.Root) error {
		temporary := d.opt.Prefix + rand.Text() + temporaryExt
		err := d.write(root, temporary, data, modified)
		if err == nil {
			err = d.do("file in place", func() error { return root.Rename(temporary, name) })
		}
		if err != nil {
			_ = root.Remove(temporary) // if this fails, the next Open removes it
			return err
		}
		if !d.opt.Durable || runtime.GOOS == "windows" { // Windows cannot sync a directory
			return nil
		}
		dir, err := root.Open(".")
		if err != nil {
			return err
		}
		return errors.Join(d.do("directory synced", dir.Sync), dir.Close()) // without this, a crash of the machine may restore the old file
	}))
}

// write creates a file with that content. It fails if the name exists, so that it follows no link and opens no pipe.
func (d *Dir) write(root *os.Root, name string, data []byte, modified time.Time) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	half := len(data) / 2
	err = d.do("file half written", func() error { _, err := f.Write(data[:half]); return err })
	if err == nil {
		err = d.do("file written", func() error { _, err := f.Write(data[half:]); return err })
	}
	if err == nil && d.opt.Durable {
		err = d.do("file synced", f.Sync)
	}
	err = errors.Join(err, f.Close())
	if err == nil && !modified.IsZero() {
		err = root.Chtimes(name, time.Time{}, modified)
	}
	return err
}

// Check writes a file and removes it. Its error says why Put would fail.
func (d *Dir) Check() error {
	probe := d.opt.Prefix + "probe" + temporaryExt
	return errors.Join(d.Put(probe, nil, time.Time{}), d.Remove(probe))
}

// do runs one step of Put.
func (d *Dir) do(step string, f func() error) error {
	err := f()
	if err == nil && d.Step != nil {
		err = d.Step(step)
	}
	return err
}
