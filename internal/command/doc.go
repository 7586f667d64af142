// Package command is the command line: one file for each command, with its flags and what it prints. What a command does is in the packages that
// it calls.
package command
