package web_test

import (
	"os"
	"testing"

	"roster/web/browsertest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browsertest.Close()
	os.Exit(code)
}
