//go:build !unix

package credential

import (
	"errors"
	"os"
)

// tryLock fails: without a lock that ends with its process, two could renew at once.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
