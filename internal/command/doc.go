// Package command is the command line. It has one file for each command, with its flags and its output. The packages that it calls do the work.
package command
