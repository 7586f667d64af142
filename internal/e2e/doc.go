// Package e2e tests the whole program from outside: it builds it, starts it as an operator does, and asks it as a client does. It owns no
// code but its tests, and refuses to know what is inside: the command line, HTTP and the invented company are all it goes by.
package e2e
