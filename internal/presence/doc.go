// Package presence remembers for a short while who is there, and asks the sources that can tell no more often than they bear. It knows
// nothing of the directory: it is asked by reference and answers by reference, and where it does not know, it says so and never fails.
package presence
