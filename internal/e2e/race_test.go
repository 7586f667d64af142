//go:build race

package e2e_test

// buildFlags have the program watched for data races when the tests are.
var buildFlags = []string{"-race"}
