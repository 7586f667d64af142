// Package sandbox invents a company and serves it through the fakes of all four vendors on a loopback address, for the demo, end-to-end
// tests and benchmarks. It owns who works there, which system knows them under which name, and every hard case that a directory has to
// get right. It does not know what the directory makes of that: nothing here is an expected answer.
//
// The same seed and size give the same company on every machine. A larger company begins with the people of the smaller ones, in much
// the same roles, so that the first of them (the cast, in cast.go) can be relied upon by name.
package sandbox
