//go:build !race

package e2e_test

// buildFlags are none: without a C compiler the program can be tested too.
var buildFlags []string
