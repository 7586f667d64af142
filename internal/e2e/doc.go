// Package e2e tests the whole program from outside: it builds it, starts it as an operator does, and asks it as a client does. It owns no
// code but its tests, and does not know what is inside: it uses only the command line, HTTP and the invented company.
package e2e
