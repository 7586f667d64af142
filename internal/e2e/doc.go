// Package e2e tests the whole program from outside: it builds the program, starts it as an operator does, and queries it as a client
// does. It uses only the command line, HTTP and the invented company, and does not know what is inside the program.
package e2e
